/* Searches whose device fails: what they have kept on it is lost. */
#include <CL/cl.h>

#include "recovery.h"

typedef struct searched {
    bed *b;
    ock_search_results results;
    size_t before; /* trials done when it went on to the next device */
} searched;

static void note_trials(const ock_failover *failover, void *user)
{
    searched *s = user;
    (void)failover;
    s->before = s->results.count;
}

static ock_status make_point(const double *values, ock_context *context, ock_model **model,
                             ock_fit *fit, void *user)
{
    const searched *s = user;
    (void)context;
    *fit = s->b->fit;
    fit->optimizer.learning_rate = (float)values[0];
    fit->failover = true;
    fit->on_failover = note_trials;
    rebuild(s->b);
    *model = s->b->net;
    s->b->net = NULL;
    return OCK_OK;
}

/* Two points for an epoch, of which one goes on for another. */
static searched search_on(bed *b, const layer_fault *fault)
{
    static const double rates[] = {1e-2, 1e-3};
    const ock_search_axis axis = {.name = "rate", .values = rates, .count = 2};
    searched s = {.b = b, .before = SIZE_MAX};
    ock_search_options options = ock_search_defaults();
    options.axes = &axis;
    options.axis_count = 1;
    options.epochs = options.halving = 2;
    options.make = make_point;
    options.user = &s;
    layer.arm(fault);
    OK(b->context, ock_search(b->train, NULL, &options, &s.results));
    layer.arm(NULL);
    ck_assert_uint_eq(s.results.count, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(s.results.trials[i].status, OCK_OK);
    return s;
}

/* The network that was kept for the second rung is trained again on the device that is left. */
START_TEST(a_search_goes_on)
{
    bed plain = open_bed("scalar", PLAIN);
    searched in_plain_c = search_on(&plain, NULL);
    bool again = false;
    for (size_t position = 7; position < 200; position += 13) {
        const layer_fault fault = {.entry = "clEnqueueNDRangeKernel",
                                   .position = position,
                                   .code = CL_OUT_OF_RESOURCES,
                                   .lasting = true};
        bed b = open_bed(first_device, PLAIN);
        searched s = search_on(&b, &fault);
        const ock_trial *got = s.results.trials, *wanted = in_plain_c.results.trials;
        ck_assert_uint_eq(got[2].point, wanted[2].point);
        if (s.before < 2)
            ck_assert_double_eq(got[2].mean, wanted[2].mean);
        again = again || (s.before == 1 && got[2].point == got[0].point);
        rebuild(&b);
        OK(b.context, run(&b));
        ock_search_results_clear(&s.results);
        close_bed(&b);
    }
    ck_assert(again);
    ock_search_results_clear(&in_plain_c.results);
    close_bed(&plain);
}
END_TEST

void add_searches(TCase *cases)
{
    tcase_add_test(cases, a_search_goes_on);
}
