/* What the parts of a search share. */
#ifndef OCKHAM_TRAIN_SEARCH_H
#define OCKHAM_TRAIN_SEARCH_H

#include <ockham/search.h>

/* Words 0 and 1 of a draw, as one. */
uint64_t search_draw(const ock_search_options *options, uint32_t element, uint32_t step,
                     uint32_t layer);

/* ---- search_results.c ---- */

/* The trial of a point in a rung; NULL: there is none. */
const ock_trial *search_find(const ock_search_results *results, size_t point, uint32_t rung);

/* Whether trial a comes before b: their rungs, means and points. */
bool search_before(bool maximize, const ock_trial *a, const ock_trial *b);

/* Mean and deviation from the scores. */
void search_summarize(ock_trial *trial);

#endif
