/* The optimisers' own steps, which move memory and do little else. */
#include <math.h>
#include <stdlib.h>

#include "benchmarks.h"
#include "cli.h"
#include "contest.h"
#include "report.h"
#include "run.h"

/* moved: floats read or written per weight: weight and moments both, the gradient once. */
static const struct rule {
    const char *name;
    ock_optimizer_kind kind;
    float momentum;
    bool nesterov;
    int moved;
} rules[] = {
    {"sgd", OCK_SGD, 0, false, 3},         {"momentum", OCK_SGD, 0.9f, false, 5},
    {"nesterov", OCK_SGD, 0.9f, true, 5},  {"adam", OCK_ADAM, 0, false, 7},
    {"rmsprop", OCK_RMSPROP, 0, false, 5},
};

enum {
    RULES = sizeof rules / sizeof *rules
};

struct stepper {
    const struct session *session;
    ock_optimizer optimizer;
    uint64_t iteration;
    const ock_parameter *parameter;
    const ock_tensor *gradient;
};

static double run(void *state, size_t times)
{
    struct stepper *stepper = state;
    double start = run_now();
    ock_status status = OCK_OK;
    for (size_t i = 0; i < times && status == OCK_OK; i++) {
        status = ock_step(&stepper->optimizer, ++stepper->iteration, stepper->parameter,
                          stepper->gradient, 1, NULL);
        if (status == OCK_OK)
            status = ock_context_flush(stepper->session->context);
    }
    if (status == OCK_OK)
        status = ock_context_finish(stepper->session->context);
    if (status == OCK_OK)
        return run_now() - start;
    session_failed(stepper->session, "a step failed");
    return NAN;
}

static struct stepper make_stepper(const struct session *session, const struct rule *rule)
{
    struct stepper stepper = {.session = session, .optimizer = ock_adam_defaults()};
    if (rule->kind == OCK_RMSPROP)
        stepper.optimizer = ock_rmsprop_defaults();
    if (rule->kind == OCK_SGD) {
        stepper.optimizer = ock_sgd_defaults();
        stepper.optimizer.momentum = rule->momentum;
        stepper.optimizer.nesterov = rule->nesterov;
    }
    return stepper;
}

static struct row make_row(const struct rule *rule, const struct contender *contender,
                           const struct options *options)
{
    struct row row = row_of(contest_spread(contender, (size_t)options->runs));
    row.bytes = sizeof(float) * (double)rule->moved * pow((double)options->size, 2);
    snprintf(row.name, sizeof row.name, "%s", rule->name);
    return row;
}

static int measure(struct session *session, const ock_parameter *parameter,
                   const ock_tensor *gradient)
{
    const struct options *options = session->options;
    struct stepper steppers[RULES];
    struct contender contenders[RULES + 1];
    struct row rows[RULES];
    const struct report report = {.session = session,
                                  .benchmark = "optimizer",
                                  .unit = "ms",
                                  .rate = "GB/s",
                                  .rows = rows,
                                  .count = RULES};
    for (int i = 0; i < RULES; i++) {
        steppers[i] = make_stepper(session, &rules[i]);
        steppers[i].parameter = parameter;
        steppers[i].gradient = gradient;
        contenders[i] =
            (struct contender){.name = rules[i].name, .run = run, .state = &steppers[i]};
    }
    contenders[RULES] = session_contender(session);
    contest(contenders, RULES + 1, (size_t)options->runs, true);
    for (int i = 0; i < RULES; i++) {
        if (run_interrupted() || contenders[i].failed)
            return run_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILURE;
        rows[i] = make_row(&rules[i], &contenders[i], options);
    }
    return report_all(&report);
}

int run_optimizer(const struct options *options)
{
    const size_t size = (size_t)options->size;
    struct session session;
    ock_parameter parameter = {0};
    ock_tensor *gradient = NULL;
    int exit_status = session_open(&session, options);
    ock_status status = OCK_OK;
    if (exit_status == EXIT_SUCCESS)
        status = session_tensor(&session, size, size, &parameter.value, NULL);
    if (exit_status == EXIT_SUCCESS && status == OCK_OK)
        status = session_tensor(&session, size, size, &gradient, NULL);
    if (exit_status == EXIT_SUCCESS && status == OCK_OK)
        status = ock_tensor_create(session.context, OCK_F32, size, size, &parameter.moment1);
    if (exit_status == EXIT_SUCCESS && status == OCK_OK)
        status = ock_tensor_create(session.context, OCK_F32, size, size, &parameter.moment2);
    if (status != OCK_OK)
        exit_status = session_failed(&session, "the parameter cannot be made");
    else if (exit_status == EXIT_SUCCESS)
        exit_status = measure(&session, &parameter, gradient);
    ock_tensor_destroy(parameter.moment2);
    ock_tensor_destroy(parameter.moment1);
    ock_tensor_destroy(gradient);
    ock_tensor_destroy(parameter.value);
    session_close(&session);
    return exit_status;
}
