/* What the fuzz targets share. Each target is one file with this function; campaign.sh gives it to
 * libFuzzer, replay.c gives it the seeds. */
#ifndef FUZZ_H
#define FUZZ_H

#include <ockham/context.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding beside those of the sanitizers: what the parser promises does not hold. */
#define FUZZ_EXPECT(condition) fuzz_expect(condition, #condition, __FILE__, __LINE__)
void fuzz_expect(bool holds, const char *what, const char *file, int line);

/* "FOLDER/NAME" in a folder of this process, in memory where the system has one there. Made at the
 * first call, gone at the end. The text is the caller's. */
char *fuzz_path(const char *name);

void fuzz_write(const char *path, const void *bytes, size_t size);

/* The input as text, without a zero byte in it; the caller's. */
char *fuzz_text(const uint8_t *data, size_t size);

/* What is printed from here on goes nowhere; the sanitizers' reports do not pass through stdio. */
void fuzz_be_quiet(void);

/* Plain C on one thread, made once. */
ock_context *fuzz_context(void);

/* A safetensors file with a digest where `sealed`. `texts` are the metadata's values under `keys`,
 * `rest` the header's other members, as JSON without braces; all may hold anything. */
typedef struct fuzz_tensors {
    const char *const *keys, *const *texts;
    size_t text_count;
    const char *rest;
    const uint8_t *data;
    size_t data_size;
    bool sealed;
} fuzz_tensors;

void fuzz_write_tensors(const char *path, const fuzz_tensors *file);

#endif
