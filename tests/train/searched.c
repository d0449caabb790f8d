#include "searched.h"

const double rates[4] = {1e-3, 1e-2, 3e-2, 1e-1};

ock_status searched_make(const double *values, ock_context *context, ock_model **model,
                         ock_fit *fit, void *user)
{
    searched *s = user;
    s->made++;
    if (values[0] == s->broken)
        return ock_context_report(context, OCK_FILE_FAILED, "broken");
    *model = build(context, FEATURES, bench_layers);
    fit->batch_size = BATCH;
    fit->seed = 5;
    fit->optimizer.learning_rate = (float)values[0];
    return OCK_OK;
}

static bool on_step(const ock_search_progress *progress, void *user)
{
    searched *s = user;
    ck_assert(progress->trial >= 1 && progress->trial <= progress->trials);
    ck_assert(progress->epoch >= 1 && progress->epoch <= progress->epochs);
    ck_assert(progress->step >= 1 && progress->step <= progress->steps);
    ck_assert(progress->run < progress->runs && progress->rung < progress->rungs);
    return ++s->steps != s->stop_step;
}

static bool on_trial(const ock_search_results *results, void *user)
{
    return results->count != ((searched *)user)->stop_trials;
}

void searched_open(searched *s)
{
    *s = (searched){.b = bench_open(), .broken = -1};
    s->axis = (ock_search_axis){.name = "lr", .values = rates, .count = 4};
    s->options = ock_search_defaults();
    s->options.axes = &s->axis;
    s->options.axis_count = 1;
    s->options.epochs = 2;
    s->options.score = "val_loss";
    s->options.make = searched_make;
    s->options.on_step = on_step;
    s->options.on_trial = on_trial;
    s->options.user = s;
}

ock_status searched_run(searched *s)
{
    return ock_search(s->b.set, NULL, &s->options, &s->results);
}

void searched_close(searched *s)
{
    ock_search_results_clear(&s->results);
    bench_close(&s->b);
}

ock_fit fit_of(const searched *s, double rate, uint32_t epochs)
{
    ock_fit fit = s->b.fit;
    fit.optimizer.learning_rate = (float)rate;
    fit.epochs = epochs;
    return fit;
}

double last_val_loss(const ock_history *history)
{
    return history->epochs[history->count - 1].val_loss;
}
