/* Runs the tests of training on the scalar path, or with the argument "opencl" on an OpenCL
 * device. After it, "study" asks for the trajectories alone, of the
 * whole study. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../absent.h"
#include "suites.h"

static const char *const wishes[] = {"gpu", "accelerator", "cpu"};
enum {
    WISHES = sizeof wishes / sizeof *wishes
};

/* The wish that can be met. Tried in a child: what OpenCL keeps does not outlive the fork that
 * Check makes for each test. */
static const char *find_opencl(void)
{
    pid_t child = fork();
    if (!child) {
        for (int i = 0; i < WISHES; i++) {
            ock_context *context = NULL;
            ock_context_options options = ock_context_defaults();
            options.device = wishes[i];
            if (!ock_context_create(&options, &context)) {
                ock_context_destroy(context);
                _exit(i);
            }
        }
        _exit(WISHES);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return NULL;
    return WEXITSTATUS(status) < WISHES ? wishes[WEXITSTATUS(status)] : NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "opencl")) {
        test_device = find_opencl();
        if (!test_device)
            return absent("no OpenCL device that opens");
    }
    test_study = argc > 2 && !strcmp(argv[2], "study");
    SRunner *runner = srunner_create(NULL);
#define ADD_SUITE(name) srunner_add_suite(runner, name##_suite());
    TRAIN_SUITES(ADD_SUITE)
    srunner_run(runner, test_study ? "trajectory" : NULL, NULL, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
