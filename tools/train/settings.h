/* The settings of a recipe by name: the one list behind fit's flags and whatever else sets them. */
#ifndef OCKHAM_TRAIN_SETTINGS_H
#define OCKHAM_TRAIN_SETTINGS_H

#include "options.h"

/* Rows whose fields are in struct options; those without a name are headings. */
extern const struct option_row settings[];
extern const size_t setting_count;

/* Sets what fit's flag of this name sets, but for what recipe_problem() has to say of it. A flag
 * that takes no value has a NULL text. Returns NULL, or what would be right. */
const char *settings_set(struct options *options, const char *name, const char *text);

#endif
