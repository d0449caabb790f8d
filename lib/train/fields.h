/* Records as JSON objects, by tables that writing and reading share. */
#ifndef OCKHAM_TRAIN_FIELDS_H
#define OCKHAM_TRAIN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include <ockham/status.h>

typedef enum field_kind {
    FIELD_FLOAT,  /* a number of nine digits, which give it back exactly */
    FIELD_DOUBLE, /* exactly, in a string: hexadecimal with an exponent, nan or inf */
    FIELD_BOOL,
    FIELD_NOT, /* the opposite of a bool */
    FIELD_INT,
    FIELD_U32,
    FIELD_U64,  /* in a string, since JSON's numbers are doubles */
    FIELD_SIZE, /* up to INT32_MAX */
    FIELD_NAME, /* of an enum's value */
    FIELD_TEXT, /* a const char *, not escaped; null where it is NULL; is not read back */
} field_kind;

typedef struct record_field {
    const char *name;
    field_kind kind;
    size_t offset;
    const char *const *names; /* FIELD_NAME: of the values from 0 up; NULL after the last */
    bool optional;            /* absent where its bytes are all 0, and the reverse */
} record_field;

typedef struct record_fields {
    const record_field *list;
    size_t count;
} record_fields;

/* Writes "name":value for each, whatever the locale: `before` comes first, and commas between. */
void fields_put(FILE *out, const char *before, const record_fields *fields, const void *record);

/* False where one is missing, or no value of its kind; then the record is partly filled. */
bool fields_take(const cJSON *object, const record_fields *fields, void *record);

/* Parses `length` characters, which a 0 follows, whatever the locale. What is not JSON leaves
 * *parsed NULL. Error: OCK_OUT_OF_MEMORY. */
ock_status json_parse(const char *text, size_t length, cJSON **parsed);

/* A whole number of at most `most`, which is exact. */
bool json_whole(const cJSON *item, uint64_t most, uint64_t *value);

/* The string at a key; "" where there is none. */
const char *json_text(const cJSON *object, const char *key);

#endif
