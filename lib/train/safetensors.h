/* Files of floats that others read too: safetensors. A header's length in 8 bytes, the header in
 * JSON, and the tensors, little-endian throughout. */
#ifndef OCKHAM_TRAIN_SAFETENSORS_H
#define OCKHAM_TRAIN_SAFETENSORS_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include <ockham/tensor.h>

typedef struct file_tensor {
    char name[48];
    size_t rows, cols;
    bool vector;        /* of one dimension in the file: its only row */
    ock_tensor *tensor; /* written, or read into; of these rows and columns */
    float *values;      /* what to write instead; NULL: what the tensor has */
} file_tensor;

typedef struct file_text {
    const char *key, *value; /* value NULL: memory did not suffice for it */
} file_text;

/* ---- Writing ---- */

typedef struct safetensors {
    const file_text *texts; /* of the metadata */
    size_t text_count;
    const file_tensor *tensors;
    size_t count;
    bool digest; /* at the end, in a tensor of that name: a file that was altered is refused */
} safetensors;

/* Replaces the file as ock_model_save() promises. Waits where it takes values from the device. */
ock_status safetensors_write(ock_context *context, const char *path, const safetensors *content);

/* Whether there is a place to write to: for code that would know before it begins. */
ock_status safetensors_probe(ock_context *context, const char *path);

/* What open_memstream() wrote, which is the caller's; NULL where memory did not suffice. */
char *close_text(FILE *out, char **text);

/* ---- Reading ---- */

/* Nothing is allocated by a size from the file before that size has been held against the
 * file's own. */
typedef struct tensor_file {
    ock_context *context;
    const char *path;
    FILE *stream;
    uint64_t data, data_bytes; /* where the tensors begin, and their length but for the digest's */
    bool digest;               /* there is one, and it is that of the file */
    cJSON *header;
} tensor_file;

/* A file of zeros may be closed. Errors: OCK_FILE_FAILED, OCK_BAD_FILE, OCK_OUT_OF_MEMORY. */
ock_status tensor_file_open(ock_context *context, const char *path, tensor_file *file);
void tensor_file_close(tensor_file *file);

/* Whether the metadata has something under a key. */
bool tensor_file_knows(const tensor_file *file, const char *key);

/* The JSON that the metadata has under a key, which is the caller's; *value is NULL where there is
 * none. Error: OCK_OUT_OF_MEMORY. */
ock_status tensor_file_metadata(const tensor_file *file, const char *key, cJSON **value);

ock_status tensor_file_bad(const tensor_file *file, const char *problem);

/* Whether the file has these tensors, and whether they fill it, in any order, without a gap or an
 * overlap; unless they are all, other ones may follow. */
ock_status tensor_file_check(const tensor_file *file, const file_tensor *tensors, size_t count,
                             bool all);

/* One of those checked. Enqueues. */
ock_status tensor_file_read(const tensor_file *file, const file_tensor *tensor);

/* ---- Both ---- */

enum {
    LENGTH_BYTES = 8,
    DIGEST_BYTES = 8
};

/* Between little-endian and the host's own order, which is nothing where they are the same. */
void swap_little_endian(void *words, size_t count);

/* Fowler, Noll and Vo's 1a over `count` words of 4 bytes, little-endian: any change within one word
 * shows. */
#define DIGEST_BEGIN 0xcbf29ce484222325
uint64_t digest_words(uint64_t digest, const unsigned char *bytes, size_t count);

#endif
