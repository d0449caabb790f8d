/* How counts become bytes: every size that a file, an argument or a caller has a part in. */
#ifndef OCKHAM_TRAIN_SIZES_H
#define OCKHAM_TRAIN_SIZES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The product, or SIZE_MAX where it overflows, of which no memory is ever had. */
static inline size_t size_times(size_t count, size_t size)
{
    return size && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

/* NULL where the bytes are more than can be counted, too. */
static inline void *array_make(size_t count, size_t size)
{
    return size && count > SIZE_MAX / size ? NULL : malloc(count * size);
}

/* As realloc(): on failure the older array is as it was. */
static inline void *array_grow(void *array, size_t count, size_t size)
{
    return size && count > SIZE_MAX / size ? NULL : realloc(array, count * size);
}

#endif
