/* ockham-probe all|step FIRST LIBRARY: tries the OpenCL drivers, so that they may crash or hang
 * here instead of in the process that asks. lib/core/probe.c starts it, and reads on file 3 what it
 * is about to do.
 * ockham-probe cold|warm PLATFORM LIBRARY DEVICE FOLDER: measures one device, whose driver may keep
 * kernels in the folder, for lib/core/speed.c. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

#include <ockham/version.h>

#include "core/core.h"
#include "core/drivers.h"
#include "core/helper.h"

enum {
    STATUS_FILE = 3
};

static bool all_operations;

static void say(const char *line, const char *rest)
{
    char text[OCK_HELPER_LINE];
    int length = snprintf(text, sizeof text, "%s%.*s\n", line, OCK_HELPER_LINE - 40, rest);
    if (write(STATUS_FILE, text, (size_t)length) != length)
        _exit(EXIT_FAILURE);
}

/* The loader says nothing of a library that is not there, or needs one that is not. */
static void try_file(const char *name, const char *library)
{
    char text[OCK_HELPER_LINE];
    if (dlopen(library, RTLD_LAZY | RTLD_LOCAL))
        return;
    const char *why = dlerror();
    snprintf(text, sizeof text, "%.150s\t%.150s\t%.150s", name, library, why ? why : "");
    say("lost ", text);
}

static void try_files(const char *library)
{
    static ock_drivers files;
    if (*library) {
        try_file(library, library);
        return;
    }
    ock_drivers_installed(&files);
    for (size_t i = 0; i < files.count; i++)
        try_file(files.list[i].name, files.list[i].library);
}

static void try_platform(const char *name)
{
    say("list ", name);
}

/* Errors are not this program's concern: whoever opens the device will see them, too. */
static void try_device(const ock_device *device)
{
    ock_context_options options = ock_context_defaults();
    ock_self_test result = {0};
    ock_context *context = NULL;
    ock_log log = {0};
    say("build", "");
    if (ock_context_open(device, NULL, &options, &log, &context) == OCK_OK) {
        say("test", "");
        ock_self_test_run(context, all_operations, &result);
    }
    ock_context_destroy(context);
    ock_log_clear(&log);
}

/* ---- Measuring ---- */

static struct {
    bool all; /* not the build alone */
    int device;
} measured;

static void say_figure(const char *name, ock_status status, double figure)
{
    char text[32];
    snprintf(text, sizeof text, " %.0f", OCK_BILLIONTHS * figure);
    if (status == OCK_OK)
        say(name, text);
}

static const struct {
    const char *name;
    ock_status (*measure)(ock_context *context, double *figure);
} figures[] = {{"launch", ock_measure_launch},
               {"step", ock_measure_step},
               {"stream", ock_measure_stream},
               {"peak", ock_measure_peak}};

static void pass_platform(const char *name)
{
    (void)name;
}

/* What follows is no business of this measurement. */
static void measure_device(const ock_device *device)
{
    ock_context_options options = {.untuned = true};
    ock_self_test result = {0};
    ock_context *context = NULL;
    ock_log log = {0};
    double figure = 0, start = ock_seconds_now();
    if (device->index != measured.device)
        return;
    if (ock_context_open(device, NULL, &options, &log, &context) != OCK_OK)
        _exit(EXIT_FAILURE);
    ock_status status = ock_self_test_run(context, false, &result);
    say_figure("build", status, ock_seconds_now() - start);
    for (size_t i = 0; measured.all && status == OCK_OK && i < sizeof figures / sizeof *figures;
         i++) {
        status = figures[i].measure(context, &figure);
        say_figure(figures[i].name, status, figure);
    }
    ock_context_destroy(context); /* PoCL keeps kernels then */
    _exit(EXIT_SUCCESS);
}

/* The variables by which drivers are told where to keep kernels. */
static bool give_folder(const char *folder)
{
    static const char *const names[] = {
        "POCL_CACHE_DIR",        "CUDA_CACHE_PATH",     "NEO_CACHE_DIR", "cl_cache_dir",
        "MESA_SHADER_CACHE_DIR", "AMD_COMGR_CACHE_DIR", "XDG_CACHE_HOME"};
    bool given = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        given = setenv(names[i], folder, 1) == 0 && given;
    return given;
}

/* ---- Either ---- */

/* Neither a core file, nor an orphan, nor the host's other files held open. */
static void shed(void)
{
    const struct rlimit none = {0, 0};
    long files = sysconf(_SC_OPEN_MAX);
    setrlimit(RLIMIT_CORE, &none);
    for (int file = STATUS_FILE + 1; file < (files < 1024 ? files : 1024); file++)
        close(file);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

int main(int argc, char **argv)
{
    const ock_visitor trial = {try_platform, try_device};
    const ock_visitor measurement = {pass_platform, measure_device};
    if ((argc != 4 && argc != 6) || fcntl(STATUS_FILE, F_SETFD, FD_CLOEXEC) != 0) {
        fputs("ockham-probe is a part of the library, which starts it to try drivers\n", stderr);
        return 2;
    }
    all_operations = strcmp(argv[1], "all") == 0;
    measured.all = strcmp(argv[1], "warm") == 0;
    measured.device = argc == 6 ? (int)strtol(argv[4], NULL, 10) : 0;
    shed();
    if (argc == 6 && !give_folder(argv[5]))
        return EXIT_FAILURE;
    say("ockham-probe ", ock_version());
    if (argc == 4)
        try_files(argv[3]);
    if (opencl_walk(argv[3], strtoul(argv[2], NULL, 10), argc == 6 ? &measurement : &trial) !=
        OCK_OK)
        return EXIT_FAILURE;
    say("done", "");
    _exit(EXIT_SUCCESS); /* drivers that crash in their destructors have done all that matters */
}
