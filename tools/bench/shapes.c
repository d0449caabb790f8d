#include "shapes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum {
    DIMENSION_MAX = 16384 /* at most 1 GiB a matrix */
};

/* The digits up to `end`, or to the text's end for '\0'; NULL where there is no such number. */
static const char *read_dimension(const char *text, char end, size_t *value)
{
    char digits[8];
    size_t length = strspn(text, "0123456789");
    uint64_t number;
    if (text[length] != end || length >= sizeof digits)
        return NULL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!cli_read_whole(digits, 1, DIMENSION_MAX, &number))
        return NULL;
    *value = (size_t)number;
    return text + length + 1;
}

bool shapes_add(struct shape_list *list, const char *text)
{
    struct shape shape;
    if (list->count == SHAPES_MAX || !(text = read_dimension(text, 'x', &shape.m)) ||
        !(text = read_dimension(text, 'x', &shape.n)) || !read_dimension(text, '\0', &shape.k))
        return false;
    list->shapes[list->count++] = shape;
    return true;
}

static const struct shape built_in[] = {
    /* a batch of 128 through 784-500-500-10: forward, back to the inputs, to the weights */
    {128, 500, 784},
    {128, 500, 500},
    {128, 10, 500},
    {128, 500, 10},
    {784, 500, 128},
    {500, 500, 128},
    {500, 10, 128},
    /* other batches and widths */
    {32, 500, 500},
    {1024, 500, 500},
    {256, 2000, 500},
    /* powers of two */
    {64, 64, 64},
    {128, 128, 128},
    {256, 256, 256},
    {512, 512, 512},
    {1024, 1024, 1024},
    {64, 1024, 1024},
    {1024, 64, 1024},
    {1024, 1024, 64},
    {256, 1024, 512},
    {512, 512, 2048},
    /* across the edges of every tile */
    {97, 131, 61},
    {127, 129, 131},
    {129, 501, 785},
    {255, 257, 253},
    {333, 77, 999},
    {511, 509, 513},
    {65, 1000, 33},
    {1023, 1023, 1023},
    /* thin */
    {1000, 10, 1000},
    {10, 1000, 1000},
    {1000, 1000, 10},
    {2048, 10, 512},
    {10, 2048, 512},
    {128, 3, 300},
    {3, 128, 300},
    {4096, 16, 64},
    /* one row, one column */
    {1, 500, 784},
    {1, 500, 500},
    {1, 10, 500},
    {1, 1000, 1000},
    {1, 4096, 1024},
    {500, 1, 500},
    /* outer products */
    {128, 500, 1},
    {500, 500, 1},
    {784, 500, 1},
    {1000, 1000, 1},
};

static const char transpose_names[TRANSPOSES][3] = {"nn", "nt", "tn", "tt"};

int transpose_find(const char *name)
{
    for (int i = 0; i < TRANSPOSES; i++)
        if (strcmp(name, transpose_names[i]) == 0)
            return i;
    return -1;
}

size_t products_list(const struct shape_list *list, unsigned transposes,
                     struct product products[PRODUCTS_MAX])
{
    const struct shape *shapes = list->count ? list->shapes : built_in;
    size_t count = list->count ? list->count : sizeof built_in / sizeof *built_in, listed = 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned t = 0; t < TRANSPOSES; t++)
            if (transposes == 0 || transposes >> t & 1)
                products[listed++] = (struct product){shapes[i], t & 2, t & 1};
    return listed;
}

void product_name(const struct product *product, char *name, size_t size)
{
    const struct shape *shape = &product->shape;
    snprintf(name, size, "%zux%zux%zu %s", shape->m, shape->n, shape->k,
             transpose_names[2 * product->transpose_a + product->transpose_b]);
}
