#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark_plot.h"
#include "json.h"

const char *const peer_names[PEERS] = {[OPENBLAS] = "OpenBLAS", [CLBLAST] = "CLBlast"};
static const char *const peer_keys[PEERS] = {[OPENBLAS] = "openblas", [CLBLAST] = "clblast"};

struct row row_of(struct spread time)
{
    struct row row = {.time = time, .relative = NAN};
    for (int i = 0; i < PEERS; i++)
        row.peers[i] = NAN;
    return row;
}

struct row row_of_product(const struct product *product)
{
    const double m = (double)product->shape.m, n = (double)product->shape.n;
    const double k = (double)product->shape.k;
    struct row row = row_of((struct spread){NAN, NAN, NAN});
    row.flops = 2 * m * n * k;
    row.bytes = sizeof(float) * (m * k + k * n + m * n);
    product_name(product, row.name, sizeof row.name);
    return row;
}

/* ---- What follows from the figures ---- */

double report_scale(const struct report *report)
{
    return strcmp(report->unit, "us") == 0 ? 1e6 : 1e3;
}

double report_rate(const struct report *report, const struct row *row, double seconds)
{
    return 1e-9 * (strcmp(report->rate, "GB/s") == 0 ? row->bytes : row->flops) / seconds;
}

/* The least time possible over the time taken; NaN where there is no limit. */
static double limit_share(const struct report *report, const struct row *row)
{
    const struct session *session = report->session;
    double limit = 1e-9 * (row->flops / session->peak_gflops + row->bytes / session->stream_gbs);
    return limit > 0 ? limit / row->time.median : NAN;
}

bool report_has_peer(const struct report *report, int peer)
{
    bool has = false;
    for (size_t i = 0; report->peers && i < report->count; i++)
        has |= isfinite(report->rows[i].peers[peer]);
    return has;
}

static bool has_limit(const struct report *report)
{
    return report->count && isfinite(limit_share(report, &report->rows[0]));
}

/* ---- For people ---- */

static void print_cell(FILE *stream, int width, int decimals, double value)
{
    if (isfinite(value))
        fprintf(stream, " %*.*f", width, decimals, value);
    else
        fprintf(stream, " %*s", width, "-");
}

static void print_head(const struct report *report)
{
    FILE *stream = report->session->talk;
    fprintf(stream, "\n%-20s %9s %9s %9s", "", report->unit, "min", "max");
    if (report->rate)
        fprintf(stream, " %8s", report->rate);
    if (has_limit(report))
        fprintf(stream, " %6s", "limit");
    if (report->relative)
        fprintf(stream, " %9s", report->relative);
    for (int peer = 0; peer < PEERS; peer++)
        if (report_has_peer(report, peer))
            fprintf(stream, " %9s", peer_names[peer]);
    fputc('\n', stream);
}

static void print_tuning(FILE *stream, const ock_tuning *tuning, double scale)
{
    for (size_t i = 0; i < tuning->count; i++)
        fprintf(stream, "  %s%s %.2f", tuning->candidates[i].name, i == tuning->best ? "*" : "",
                scale * tuning->candidates[i].seconds);
}

static void print_row(const struct report *report, const struct row *row)
{
    FILE *stream = report->session->talk;
    const double scale = report_scale(report);
    fprintf(stream, "%-20s", row->name);
    print_cell(stream, 9, 2, scale * row->time.median);
    print_cell(stream, 9, 2, scale * row->time.min);
    print_cell(stream, 9, 2, scale * row->time.max);
    if (report->rate)
        print_cell(stream, 8, 1, report_rate(report, row, row->time.median));
    if (has_limit(report))
        print_cell(stream, 6, 2, limit_share(report, row));
    if (report->relative)
        print_cell(stream, 9, 3, row->relative);
    for (int peer = 0; peer < PEERS; peer++)
        if (report_has_peer(report, peer))
            print_cell(stream, 9, 2, row->peers[peer] / row->time.median);
    if (row->tuning)
        print_tuning(stream, row->tuning, scale);
    fputc('\n', stream);
}

static void print_peer_summary(const struct report *report, int peer)
{
    double logs = 0;
    size_t counted = 0;
    const struct row *worst = NULL;
    for (const struct row *row = report->rows; row < report->rows + report->count; row++) {
        if (!isfinite(row->peers[peer]))
            continue;
        logs += log(row->peers[peer] / row->time.median);
        counted++;
        if (!worst || row->peers[peer] / row->time.median < worst->peers[peer] / worst->time.median)
            worst = row;
    }
    fprintf(report->session->talk,
            "%s / Ockham: geometric mean %.3f over %zu rows; worst %.3f, %s\n", peer_names[peer],
            exp(logs / (double)counted), counted, worst->peers[peer] / worst->time.median,
            worst->name);
}

static void print_table(const struct report *report)
{
    FILE *stream = report->session->talk;
    print_head(report);
    for (size_t i = 0; i < report->count; i++)
        print_row(report, &report->rows[i]);
    fprintf(stream, "\npeak %.1f GFLOP/s, bandwidth %.1f GB/s, medians of %d\n",
            report->session->peak_gflops, report->session->stream_gbs,
            (int)report->session->options->runs);
    for (int peer = 0; peer < PEERS; peer++)
        if (report_has_peer(report, peer))
            print_peer_summary(report, peer);
    fflush(stream);
}

/* ---- For programs ---- */

static bool add_tuning(cJSON *object, const ock_tuning *tuning, double scale)
{
    cJSON *candidates = cJSON_AddObjectToObject(object, "candidates");
    bool added = candidates;
    for (size_t i = 0; added && i < tuning->count; i++)
        added = cJSON_AddNumberToObject(candidates, tuning->candidates[i].name,
                                        scale * tuning->candidates[i].seconds);
    return added && (tuning->count == 0 ||
                     json_add_text(object, "best", tuning->candidates[tuning->best].name));
}

static bool add_row(const struct report *report, cJSON *rows, const struct row *row)
{
    const double scale = report_scale(report);
    cJSON *object = cJSON_CreateObject();
    bool added = cJSON_AddItemToArray(rows, object) && json_add_text(object, "name", row->name) &&
                 cJSON_AddNumberToObject(object, "median", scale * row->time.median) &&
                 cJSON_AddNumberToObject(object, "min", scale * row->time.min) &&
                 cJSON_AddNumberToObject(object, "max", scale * row->time.max) &&
                 json_add_text(object, "unit", report->unit) && /* cJSON writes NaN as null */
                 cJSON_AddNumberToObject(object, "limit_share", limit_share(report, row));
    if (added && report->relative)
        added = cJSON_AddNumberToObject(object, "relative", row->relative);
    for (int peer = 0; added && report->peers && peer < PEERS; peer++)
        added = cJSON_AddNumberToObject(object, peer_keys[peer], scale * row->peers[peer]);
    if (added && row->tuning)
        added = add_tuning(object, row->tuning, scale);
    return added;
}

static bool add_all(const struct report *report, cJSON *document)
{
    const struct session *session = report->session;
    const ock_device *device = ock_context_device(session->context);
    char name[sizeof device->id + sizeof device->name];
    snprintf(name, sizeof name, "%s %s", device->id, device->name);
    bool added = json_add_text(document, "benchmark", report->benchmark) &&
                 json_add_text(document, "device", name) &&
                 cJSON_AddNumberToObject(document, "peak_gflops", session->peak_gflops) &&
                 cJSON_AddNumberToObject(document, "stream_gbs", session->stream_gbs) &&
                 cJSON_AddNumberToObject(document, "runs", (double)session->options->runs);
    cJSON *rows = added ? cJSON_AddArrayToObject(document, "rows") : NULL;
    added = rows;
    for (size_t i = 0; added && i < report->count; i++)
        added = add_row(report, rows, &report->rows[i]);
    return added;
}

static bool write_json(const struct report *report)
{
    const char *path = report->session->options->json;
    if (!path)
        return true;
    cJSON *document = cJSON_CreateObject();
    errno = ENOMEM;
    bool written = add_all(report, document) && json_write(path, document);
    cJSON_Delete(document);
    if (!written)
        fprintf(stderr, "ockham-bench: %s: %s; an older file is as it was\n", path,
                strerror(errno));
    return written;
}

int report_all(const struct report *report)
{
    print_table(report);
    bool json = write_json(report), plot = benchmark_plot(report);
    return json && plot ? EXIT_SUCCESS : EXIT_FAILURE;
}
