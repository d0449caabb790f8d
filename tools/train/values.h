/* Readers of option values. */
#ifndef OCKHAM_TRAIN_VALUES_H
#define OCKHAM_TRAIN_VALUES_H

#include "options.h"

bool read_rows(const struct option_row *row, const char *text, void *options);
bool read_hidden(const struct option_row *row, const char *text, void *options);
bool read_activation(const struct option_row *row, const char *text, void *options);
bool read_optimizer(const struct option_row *row, const char *text, void *options);
bool read_initializer(const struct option_row *row, const char *text, void *options);
bool read_schedule(const struct option_row *row, const char *text, void *options);
bool read_plateau(const struct option_row *row, const char *text, void *options);
bool read_mode(const struct option_row *row, const char *text, void *options);
bool read_baseline(const struct option_row *row, const char *text, void *options);
bool read_count(const struct option_row *row, const char *text, void *options); /* a uint32_t */
bool read_augmentation(const struct option_row *row, const char *text, void *options);
bool read_standardization(const struct option_row *row, const char *text, void *options);
bool read_class_weights(const struct option_row *row, const char *text, void *options);
bool read_strengths(const struct option_row *row, const char *text, void *options);
bool read_early_stop(const struct option_row *row, const char *text, void *options);
bool read_axis(const struct option_row *row, const char *text, void *options);
bool read_score(const struct option_row *row, const char *text, void *options);

/* These leave errno set where a file or its folder is not what it should be. */
bool read_data(const struct option_row *row, const char *text, void *options);
bool read_input(const struct option_row *row, const char *text, void *options);
bool read_plot(const struct option_row *row, const char *text, void *options);
bool read_folder(const struct option_row *row, const char *text, void *options);
bool read_save(const struct option_row *row, const char *text, void *options);

#endif
