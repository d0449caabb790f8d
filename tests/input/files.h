/* What the readers' tests share: files made in a folder of their own, and refusals. */
#ifndef OCKHAM_TESTS_INPUT_FILES_H
#define OCKHAM_TESTS_INPUT_FILES_H

#include "folder.h"
#include "input.h"
#include "unit.h"

void write_text(const char *name, const char *text);
void write_gzip(const char *name, const void *bytes, size_t size);
void make_subfolder(const char *name);

/* Loads what must load. */
pictures load(const char *source, const pictures_options *options);

/* The source is refused with this status, the message has each of the two parts, and nothing is
 * left in the pictures. */
void expect_refused(const char *source, const pictures_options *options, ock_status expected,
                    const char *part, const char *other);

/* CRC-32 of the pixels as bytes, as the files have them, or of the labels as bytes. */
unsigned long pixel_crc(const pictures *set);
unsigned long label_crc(const pictures *set);

#endif
