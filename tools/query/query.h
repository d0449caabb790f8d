/* What the files of ockham-query share: what was asked for, and what was found. */
#ifndef OCKHAM_TOOLS_QUERY_H
#define OCKHAM_TOOLS_QUERY_H

#include <ockham/context.h>
#include <ockham/measure.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, beside EXIT_SUCCESS and EXIT_USAGE. */
enum {
    EXIT_ONLY_SCALAR = 1, /* as EXIT_FAILURE: no OpenCL device can be used */
    EXIT_ABSENT = 3,      /* the device that was asked for */
    EXIT_SELF_TEST = 4,   /* it failed */
    EXIT_INTERNAL = 5,
};

struct settings {
    const char *device; /* what --device says; NULL: all */
    bool json, details, operations, no_self_test, measure, no_measure, require_opencl;
    unsigned seconds; /* for all of it */
};

struct device_row {
    ock_device device;
    bool selected, chosen, tested;
    ock_status test_status;
    ock_self_test test;
    ock_device_speed speed;
};

struct machine {
    struct device_row *rows;
    size_t count;
    bool probed; /* the drivers, in a process of their own */
    ock_status list_status, chosen_status;
    const struct device_row *chosen; /* NULL: none */
    char why[16384];                 /* a build log may be long */
    int exit_status;
    const char *error; /* NULL: none; else all there is to say */
};

/* ---- machine.c ---- */

/* Fills in *machine, also where little can be had. */
void machine_examine(const struct settings *settings, struct machine *machine);
void machine_forget(struct machine *machine);

bool is_skipped(const struct device_row *row);

/* ---- advice.c ---- */

struct advice {
    char lines[8][160];
    size_t count;
};

/* What to do about a platform that was skipped, beyond what its reason says. */
struct advice advice_for(const ock_device *skipped);

/* ---- properties.c ---- */

struct cJSON;

/* A property of a device: how it is shown to people and to programs. */
struct property {
    const char *key, *label; /* label NULL: only for programs */
    size_t field;            /* offset in device_row */
    const struct printer *printer;
    bool (*applies)(const struct device_row *row);
};

extern const struct property properties[];
extern const size_t property_count;

void property_print(FILE *out, const struct property *property, const struct device_row *row);
bool property_add(struct cJSON *object, const struct property *property,
                  const struct device_row *row);

/* "22 GiB", "5.1 us". */
void write_bytes(uint64_t bytes, char text[16]);
void write_seconds(double seconds, char text[16]);

/* ---- columns.c, list.c, document.c ---- */

void columns_print_headings(FILE *out);
void columns_print(FILE *out, const struct device_row *row);

/* One line for each device, or all that is known of them, and what was chosen. */
void list_print(FILE *out, const struct settings *settings, const struct machine *machine);

/* The caller's to free; NULL where memory is refused. */
char *document_of(const struct machine *machine);

/* What is left to say where it is. */
void document_write_bare(int exit_status, char *text, size_t size);

/* ---- apart.c ---- */

/* What a process of its own has printed. */
struct apart {
    char *text; /* the caller's to free; NULL: it did not come to an end */
    int exit_status;
    int signal;      /* that ended it; or 0 */
    char error[128]; /* why there is no text */
};

/* Runs this program with this command line in a process of its own, which a driver may bring down
 * or hold up. What drivers print goes to the standard error. */
struct apart run_apart(char **argv, unsigned seconds);

/* Whether argv[0] says that this is that process; and what it then does, which does not return. */
bool apart_is_worker(const char *name);
_Noreturn void apart_work(int (*run)(FILE *out, const struct settings *settings),
                          const struct settings *settings);

#endif
