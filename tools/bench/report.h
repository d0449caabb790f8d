/* Results: as a table, as JSON, as a plot. */
#ifndef OCKHAM_BENCH_REPORT_H
#define OCKHAM_BENCH_REPORT_H

#include "contest.h"
#include "peer.h"

struct row {
    char name[64];
    struct spread time;       /* seconds */
    double flops, bytes;      /* that cannot be avoided; 0 and 0: no limit is known */
    double relative;          /* as the benchmark defines it; NaN: nothing */
    double peers[PEERS];      /* their medians, seconds; NaN: none */
    const ock_tuning *tuning; /* NULL: none */
};

/* With its time, and nothing else known; with a product's name, FLOPs and bytes. */
struct row row_of(struct spread time);
struct row row_of_product(const struct product *product);

struct report {
    const struct session *session;
    const char *benchmark;
    const char *unit;     /* "us" or "ms", of times */
    const char *rate;     /* "GFLOP/s" or "GB/s"; NULL: none */
    const char *relative; /* the column's head; NULL: none */
    bool peers;
    struct row *rows;
    size_t count;
};

/* Times in the report's unit per second. */
double report_scale(const struct report *report);

/* GFLOP or GB a second in `seconds`. */
double report_rate(const struct report *report, const struct row *row, double seconds);

/* Whether any row has that peer's time. */
bool report_has_peer(const struct report *report, int peer);

extern const char *const peer_names[PEERS];

/* Prints the table, and writes what --json and --plot ask for. Returns EXIT_SUCCESS or, with the
 * reason on standard error, EXIT_FAILURE where a file could not be written. */
int report_all(const struct report *report);

#endif
