/* The file of a network's weights: safetensors. A header's length in 8 bytes, the header in JSON,
 * and the tensors, little-endian throughout. */
#ifndef OCKHAM_TRAIN_WEIGHTS_H
#define OCKHAM_TRAIN_WEIGHTS_H

#include <stdint.h>
#include <string.h>

enum {
    LENGTH_BYTES = 8
};

/* Between little-endian and the host's own order, which is nothing where they are the same. */
static inline void swap_little_endian(void *words, size_t count)
{
    unsigned char *bytes = words;
    for (size_t i = 0; i < count; i++, bytes += 4) {
        uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                        (uint32_t)bytes[3] << 24;
        memcpy(bytes, &word, sizeof word);
    }
}

#endif
