/* Results of training runs: as a table, as JSON and as CSV. */
#ifndef OCKHAM_TRAIN_REPORT_H
#define OCKHAM_TRAIN_REPORT_H

#include <cjson/cJSON.h>
#include <ockham/train.h>
#include <stdio.h>

#include "session.h"

enum outcome {
    RAN,
    SKIPPED, /* could not run here; `reason` says why */
    FAILED,
    INTERRUPTED,
};

/* Losses and accuracies that are reported are the last completed epoch's. */
struct result {
    const char *row;
    enum outcome outcome;
    char reason[512];
    ock_history history;
    double near_zero;   /* share of the kernels' weights with |w| < 1e-4 */
    double ms_per_step; /* median over the epochs */
    double seconds;     /* of the row in all, whitening and validation included */
    double judged;      /* by best: accuracy on what it tells of */
    bool events_failed; /* --tensorboard's file took no more; the reason was told */
};

/* The figures of an epoch that files have, by the names that monitors have. */
enum {
    EPOCH_FIGURES = 11
};
extern const char *const epoch_figure_names[EPOCH_FIGURES];
double epoch_figure(const ock_epoch *epoch, size_t index);
void epoch_set_figures(ock_epoch *epoch, const double figures[EPOCH_FIGURES]);

struct report {
    const struct session *session;
    struct result *results;
    size_t count;
};

/* Adds what each document begins with: device, data and seed. False: no memory. */
bool report_begin(cJSON *document, const struct session *session);

void report_table(const struct report *report);

/* Write what --json and --csv ask for, if they do. Return false, with the reason on standard
 * error, where a file could not be written. */
bool report_json(const struct report *report);
bool report_csv(const struct report *report);

/* Whether the events that --tensorboard asks for, if it does, are all in their files. */
bool report_events(const struct report *report);

#endif
