/* Readers of option values. */
#ifndef OCKHAM_TRAIN_VALUES_H
#define OCKHAM_TRAIN_VALUES_H

#include "options.h"

struct option_row;

/* Puts the value into options; false where it is not right. */
typedef bool (*value_reader)(const struct option_row *row, const char *text,
                             struct options *options);

struct option_row {
    const char *name;
    const char *argument; /* NULL: a flag */
    const char *help;
    const char *right; /* what a value must be */
    unsigned commands;
    value_reader read;
    size_t field; /* offset in options */
    double low, high;
};

bool read_flag(const struct option_row *row, const char *text, struct options *options);
bool read_text(const struct option_row *row, const char *text, struct options *options);
bool read_whole(const struct option_row *row, const char *text, struct options *options);
bool read_float(const struct option_row *row, const char *text, struct options *options);
bool read_double(const struct option_row *row, const char *text, struct options *options);
bool read_rows(const struct option_row *row, const char *text, struct options *options);
bool read_hidden(const struct option_row *row, const char *text, struct options *options);
bool read_activation(const struct option_row *row, const char *text, struct options *options);
bool read_optimizer(const struct option_row *row, const char *text, struct options *options);
bool read_early_stop(const struct option_row *row, const char *text, struct options *options);

/* These leave errno set where a file or its folder is not what it should be. */
bool read_data(const struct option_row *row, const char *text, struct options *options);
bool read_input(const struct option_row *row, const char *text, struct options *options);
bool read_output(const struct option_row *row, const char *text, struct options *options);
bool read_save(const struct option_row *row, const char *text, struct options *options);

#endif
