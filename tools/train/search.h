/* The parts of `search`. */
#ifndef OCKHAM_TRAIN_SEARCH_H
#define OCKHAM_TRAIN_SEARCH_H

#include <ockham/search.h>

#include "session.h"

enum {
    NUMBER_SIZE = 32
};

/* As short as reads back to the same number: "0.1", "1e-05". */
void search_number(double value, char text[NUMBER_SIZE]);

/* ---- search_axes.c ---- */

struct search_axes {
    ock_search_axis axes[SEARCH_AXES];
    size_t count;
    char *names[SEARCH_AXES];
    double *values[SEARCH_AXES];
};

/* Returns false, with what is wrong with which flag on standard error; to be freed even then. */
bool search_axes_read(const struct options *options, struct search_axes *axes);
void search_axes_free(struct search_axes *axes);

/* Sets the settings of a point. Returns false where they are not right, and says why. */
bool search_axes_apply(const struct search_axes *axes, const double *values, struct options *point,
                       char *message, size_t size);

/* ---- search_journal.c ---- */

/* The finished trials in a file, a line of JSON each, after one that tells which search it is. */
struct search_journal {
    const char *path;
    int file; /* -1: none */
    const struct session *session;
    const ock_search_options *options; /* of the search that its trials belong to */
};

/* Reads what the file has into the results and opens it to go on; a line that was cut short is
 * taken off its end. Returns false, with the reason on standard error, where it cannot, or is of
 * another search. All but the results must stay. */
bool search_journal_open(struct search_journal *journal, const char *path,
                         const struct session *session, const ock_search_options *options,
                         ock_search_results *results);

/* Adds the newest trial, on the disk when it returns; false with the reason on standard error. */
bool search_journal_add(const struct search_journal *journal, const ock_search_results *results);
void search_journal_close(struct search_journal *journal);

/* ---- search_report.c ---- */

struct search_report {
    const struct session *session;
    const ock_search_options *options;
    const ock_search_results *results;
};

/* The trials, best first, each point by its latest rung; at most `most` of them. Returns the lines
 * that it took. */
size_t search_table(const struct search_report *report, size_t most);

/* One trial, in a line. */
void search_line(const struct search_report *report, const ock_trial *trial);

/* "ok", "diverged". */
const char *search_verdict(const ock_trial *trial);

/* Write what --json and --csv ask for, if they do. Return false, with the reason on standard error,
 * where a file could not be written. */
bool search_json(const struct search_report *report);
bool search_csv(const struct search_report *report);

/* ---- search_heat.c ---- */

/* Draws what --plot asks for, if it does; as above. */
bool search_heat(const struct search_report *report);

#endif
