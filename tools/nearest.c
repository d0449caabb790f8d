#include "nearest.h"

#include <string.h>

enum {
    LONGEST = 32,
    SLIPS = 3,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's distance of two words shorter than LONGEST, row by row: row i has the
 * distances of the first i letters of `a` to the beginnings of `b`. */
static size_t slips_between(const char *a, const char *b)
{
    size_t rows[3][LONGEST], length = strlen(b);
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= length; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[length];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(nearest->word);
    if (length >= LONGEST || strlen(name) >= LONGEST)
        return;
    size_t slips = slips_between(nearest->word, name);
    if (slips > SLIPS || 2 * slips >= length || (nearest->name && slips >= nearest->distance))
        return;
    nearest->name = name;
    nearest->distance = slips;
}
