#ifndef OCKHAM_TOOLS_PNG_H
#define OCKHAM_TOOLS_PNG_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct png_picture {
    size_t height, width;
    float *x; /* height x width, 0 .. 1; the caller's */
} png_picture;

/* Grey or colour, 1 to 16 bits, made grey as imread(flatten=True) of the tutorial does:
 * 0.299 R + 0.587 G + 0.114 B, transparency and gamma left aside. On failure x is NULL and
 * *why, a static text, says what is wrong. */
ock_status png_read(const char *path, png_picture *out, const char **why);

/* Writes height x width grey bytes; false with *why, a static text, where that failed. */
bool png_write(FILE *stream, size_t height, size_t width, const uint8_t *grey, const char **why);

#endif
