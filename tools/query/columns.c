/* One line for each device, within 80 columns; "-" is what is not known. */
#include <string.h>

#include "query.h"

enum {
    CELL = 32
};

struct column {
    const char *heading;
    int width; /* below 0: to the left */
    void (*write)(const struct device_row *row, char cell[CELL]);
};

/* ---- Cells ---- */

static void write_id(const struct device_row *row, char cell[CELL])
{
    snprintf(cell, CELL, "%s", row->device.id);
}

static void write_type(const struct device_row *row, char cell[CELL])
{
    const char *name = ock_device_type_name(row->device.type);
    snprintf(cell, CELL, "%.3s", row->device.type == OCK_DEVICE_SCALAR ? "C" : name);
}

/* OpenCL's version and OpenCL C's, as the standard has them begin. */
static void write_versions(const struct device_row *row, char cell[CELL])
{
    char version[8] = "?", language[8] = "?";
    if (row->device.type == OCK_DEVICE_SCALAR)
        return;
    sscanf(row->device.version, "OpenCL %7[0-9.]", version);
    sscanf(row->device.language, "OpenCL C %7[0-9.]", language);
    snprintf(cell, CELL, "%s/%s", version, language);
}

/* "22G" of "22 GiB". */
static void write_short_bytes(uint64_t bytes, char cell[CELL])
{
    char text[16];
    write_bytes(bytes, text);
    char *unit = strchr(text, ' ');
    snprintf(cell, CELL, "%.*s%c", (int)(unit - text), text, unit[1]);
}

static void write_memory(const struct device_row *row, char cell[CELL])
{
    write_short_bytes(row->device.global_memory, cell);
}

static void write_local(const struct device_row *row, char cell[CELL])
{
    if (row->device.type != OCK_DEVICE_SCALAR)
        write_short_bytes(row->device.local_memory, cell);
}

static void write_group(const struct device_row *row, char cell[CELL])
{
    if (row->device.type != OCK_DEVICE_SCALAR)
        snprintf(cell, CELL, "%u", (unsigned)row->device.max_work_group);
}

static void write_precisions(const struct device_row *row, char cell[CELL])
{
    const ock_device *device = &row->device;
    if (device->fp16 || device->fp64)
        snprintf(cell, CELL, "%s%s%s", device->fp16 ? "16" : "",
                 device->fp16 && device->fp64 ? "," : "", device->fp64 ? "64" : "");
}

static void write_test(const struct device_row *row, char cell[CELL])
{
    if (row->tested)
        snprintf(cell, CELL, "%d/%d", row->test.passed, row->test.run);
}

static void write_gflops(const struct device_row *row, char cell[CELL])
{
    double gflops = row->speed.at_best.peak_gflops;
    if (gflops > 0)
        snprintf(cell, CELL, "%.*f", gflops < 0.1 ? 3 : gflops < 10 ? 1 : 0, gflops);
}

static void write_gbs(const struct device_row *row, char cell[CELL])
{
    double gbs = row->speed.at_best.stream_gbs;
    if (gbs > 0)
        snprintf(cell, CELL, "%.*f", gbs < 0.1 ? 3 : gbs < 10 ? 1 : 0, gbs);
}

/* "5.1us" of "5.1 us". */
static void write_launch(const struct device_row *row, char cell[CELL])
{
    char text[16];
    if (row->speed.at_best.launch_seconds <= 0)
        return;
    write_seconds(row->speed.at_best.launch_seconds, text);
    size_t number = strcspn(text, " ");
    snprintf(cell, CELL, "%.*s%s", (int)number, text, text + number + 1);
}

static void write_build_seconds(double seconds, char text[16])
{
    snprintf(text, 16, "-");
    if (seconds > 0)
        snprintf(text, 16, "%.*f", seconds < 1 ? 2 : seconds < 10 ? 1 : 0, seconds);
}

static void write_build(const struct device_row *row, char cell[CELL])
{
    char cold[16], warm[16];
    write_build_seconds(row->speed.cold_seconds, cold);
    write_build_seconds(row->speed.warm_seconds, warm);
    if (row->speed.warm_seconds > 0)
        snprintf(cell, CELL, "%s/%s", cold, warm);
}

/* ---- Lines ---- */

static const struct column columns[] = {
    {"ID", -6, write_id},        {"TYPE", -4, write_type},    {"CL/C", -7, write_versions},
    {"MEM", 4, write_memory},    {"LOCAL", 5, write_local},   {"GROUP", 5, write_group},
    {"FP", 5, write_precisions}, {"TEST", 5, write_test},     {"GFLOP/s", 7, write_gflops},
    {"GB/s", 5, write_gbs},      {"LAUNCH", 6, write_launch}, {"BUILD s", 8, write_build},
};

enum {
    COLUMNS = sizeof columns / sizeof *columns
};

/* Without blanks at the line's end. */
static void print_line(FILE *out, const char *mark, char cells[COLUMNS][CELL])
{
    fputs(mark, out);
    for (size_t i = 0; i < COLUMNS; i++) {
        bool last_left = i + 1 == COLUMNS && columns[i].width < 0;
        fprintf(out, " %*s", last_left ? 0 : columns[i].width, cells[i]);
    }
    fputc('\n', out);
}

void columns_print_headings(FILE *out)
{
    char cells[COLUMNS][CELL];
    for (size_t i = 0; i < COLUMNS; i++)
        snprintf(cells[i], CELL, "%s", columns[i].heading);
    print_line(out, " ", cells);
}

void columns_print(FILE *out, const struct device_row *row)
{
    char cells[COLUMNS][CELL];
    for (size_t i = 0; i < COLUMNS; i++) {
        snprintf(cells[i], CELL, "-");
        columns[i].write(row, cells[i]);
    }
    print_line(out, row->chosen ? "*" : " ", cells);
}
