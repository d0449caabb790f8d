/* NumPy's files of one array (numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
#ifndef OCKHAM_TOOLS_NPY_H
#define OCKHAM_TOOLS_NPY_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    NPY_DIMENSIONS = 32, /* NumPy's own bound before its version 2 */
    NPY_HEADER = 128     /* bytes of a header that is written */
};

typedef struct npy_array {
    char kind;   /* b, i, u or f: bool, signed, unsigned, floating point */
    size_t size; /* of an element, in bytes */
    bool big_endian, fortran;
    size_t dimensions, shape[NPY_DIMENSIONS];
    size_t rows, columns;       /* the first dimension, and the product of the others */
    unsigned char *file, *data; /* all of it, and where the elements begin */
} npy_array;

/* Versions 1 to 3, of either byte order: bool, integers of 1 to 8 bytes, floats of 4 and 8. *out is
 * the caller's, to be freed by npy_free(). On failure it is all zeros, and *why, a static text,
 * says what is wrong. */
ock_status npy_read(const char *path, npy_array *out, const char **why);
void npy_free(npy_array *array);

/* The element at a row and a column, the dimensions after the first flattened in C's order. */
double npy_at(const npy_array *array, size_t row, size_t column);

/* What comes before rows x columns floats of this machine. */
void npy_header(size_t rows, size_t columns, unsigned char header[NPY_HEADER]);

#endif
