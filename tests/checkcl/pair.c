/* Memory, random choices and tensors of a case. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "framework.h"

/* ---- Memory ---- */

struct block {
    struct block *next;
    max_align_t memory[];
};

/* Until the end of the case. */
static void *take(checkcl *t, size_t count, size_t size)
{
    size_t units = count * size / sizeof(max_align_t) + 1;
    struct block *block = calloc(1, sizeof *block + units * sizeof *block->memory);
    if (!block) {
        fprintf(stderr, "checkcl: no memory\n");
        exit(EXIT_FAILURE);
    }
    block->next = t->blocks;
    t->blocks = block;
    return block->memory;
}

double *scratch(checkcl *t, size_t count)
{
    return take(t, count, sizeof(double));
}

/* ---- Random choices ---- */

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t next_random(checkcl *t)
{
    uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned choose(checkcl *t, unsigned count)
{
    uint64_t random = next_random(t);
    return t->choices++ == 0 ? t->iteration % count : (unsigned)(random % count);
}

size_t any_size(checkcl *t)
{
    uint64_t random = next_random(t);
    size_t size = 1 + (size_t)(random >> 8) % t->max_size;
    if (random & 1) {
        size_t power = (size_t)1 << (random >> 1 & 7);
        size_t edge = power - 1 + (size_t)(random >> 4 & 15) % 3;
        size = edge > 0 && edge <= t->max_size ? edge : size;
    }
    return size;
}

float *uniform(checkcl *t, size_t count, float low, float high)
{
    float *values = take(t, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        uint64_t random = next_random(t);
        values[i] = low + (high - low) * ((float)(random >> 40) * 0x1p-24f);
        if (random % 16 == 0 && low <= 0 && high >= 0)
            values[i] = 0;
    }
    return values;
}

int32_t *integers(checkcl *t, size_t count, int32_t low, int32_t high)
{
    int32_t *values = take(t, count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] =
            (int32_t)(low + (int64_t)(next_random(t) % (uint64_t)((int64_t)high - low + 1)));
    return values;
}

void describe(checkcl *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->description, sizeof t->description, format, arguments);
    va_end(arguments);
}

/* ---- Tensors ---- */

/* The NaN goes into the columns that pad a row too, where the device's fill reaches them. */
static void make_side(checkcl *t, pair *p, int side, const uint32_t *contents)
{
    size_t rows = p->before + p->rows + p->after;
    ock_status status =
        ock_tensor_create(t->contexts[side], p->dtype, rows, p->cols, &p->whole[side]);
    expect_ok(t, side, "ock_tensor_create", status);
    if (p->dtype == OCK_F32)
        expect_ok(t, side, "ock_tensor_fill", ock_tensor_fill(p->whole[side], (float)NAN));
    expect_ok(t, side, "ock_tensor_write", ock_tensor_write(p->whole[side], contents));
    status = ock_tensor_view(p->whole[side], p->before, p->rows, &p->on[side]);
    expect_ok(t, side, "ock_tensor_view", status);
}

static pair *make_pair(checkcl *t, const pair *form, const void *data)
{
    pair *p = take(t, 1, sizeof *p);
    *p = *form;
    p->before = next_random(t) % 4;
    p->after = next_random(t) % 4;
    size_t rows = p->before + p->rows + p->after;
    uint32_t *contents = take(t, rows * p->cols, sizeof *contents);
    for (size_t i = 0; i < rows * p->cols; i++)
        contents[i] = POISON;
    if (data) {
        p->data = take(t, p->rows * p->cols, sizeof *contents);
        memcpy(p->data, data, p->rows * p->cols * sizeof *contents);
        memcpy(contents + p->before * p->cols, data, p->rows * p->cols * sizeof *contents);
    }
    for (int side = 0; side < SIDES; side++)
        make_side(t, p, side, contents);
    p->next = t->pairs;
    t->pairs = p;
    return p;
}

pair *input(checkcl *t, size_t rows, size_t cols, const float *data)
{
    return make_pair(t, &(pair){.rows = rows, .cols = cols, .constant = true}, data);
}

pair *inout(checkcl *t, size_t rows, size_t cols, const float *data)
{
    return make_pair(t, &(pair){.rows = rows, .cols = cols}, data);
}

pair *output(checkcl *t, size_t rows, size_t cols)
{
    return make_pair(t, &(pair){.rows = rows, .cols = cols}, NULL);
}

pair *input_i32(checkcl *t, size_t rows, size_t cols, const int32_t *data)
{
    return make_pair(t, &(pair){.dtype = OCK_I32, .rows = rows, .cols = cols, .constant = true},
                     data);
}

pair *inout_i32(checkcl *t, size_t rows, size_t cols, const int32_t *data)
{
    return make_pair(t, &(pair){.dtype = OCK_I32, .rows = rows, .cols = cols}, data);
}

pair *totals(checkcl *t)
{
    return inout(t, 1, OCK_TOTALS_SIZE, take(t, OCK_TOTALS_SIZE, sizeof(float)));
}

float *result(checkcl *t, const pair *y, int side)
{
    float *values = take(t, y->rows * y->cols, sizeof *values);
    expect_ok(t, side, "ock_tensor_read", ock_tensor_read(y->on[side], values));
    return values;
}

/* ---- The end of a case ---- */

static void check_around(checkcl *t, const pair *p, int side)
{
    size_t rows = p->before + p->rows + p->after, first = p->before * p->cols;
    size_t count = p->rows * p->cols;
    uint32_t *bits = take(t, rows * p->cols, sizeof *bits);
    expect_ok(t, side, "ock_tensor_read", ock_tensor_read(p->whole[side], bits));
    const char *where = side == DEVICE ? "device" : "scalar path";
    for (size_t i = 0; i < rows * p->cols; i++)
        if ((i < first || i >= first + count) && bits[i] != POISON)
            fail(t, "the %s wrote to row %td around a %zu x %zu tensor", where,
                 (ptrdiff_t)(i / p->cols) - (ptrdiff_t)p->before, p->rows, p->cols);
    if (p->constant && memcmp(bits + first, p->data, count * sizeof *bits) != 0)
        fail(t, "the %s changed a %zu x %zu input", where, p->rows, p->cols);
}

void end_case(checkcl *t)
{
    for (pair *p = t->pairs; p; p = p->next)
        for (int side = 0; side < SIDES; side++) {
            if (!t->failed)
                check_around(t, p, side);
            ock_tensor_destroy(p->on[side]);
            ock_tensor_destroy(p->whole[side]);
        }
    t->pairs = NULL;
    while (t->blocks) {
        struct block *block = t->blocks;
        t->blocks = block->next;
        free(block);
    }
}
