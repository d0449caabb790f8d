#include <math.h>

#include "checkcl.h"

/* Whether ops.h keeps element (row, col). */
static bool kept(const ock_dropout *d, size_t row, size_t col, size_t cols)
{
    size_t shared = d->channels ? d->channels : cols;
    size_t drawn = col % shared;
    uint32_t element = (uint32_t)(row * ((shared + 3) / 4) + drawn / 4), draw[4];
    ock_philox((uint32_t[]){element, d->step, d->layer, OCK_PURPOSE_DROPOUT}, d->seed, draw);
    return draw[drawn % 4] >= llround((double)d->rate * 0x1p32);
}

static ock_dropout any_dropout(checkcl *t)
{
    static const float rates[] = {0.25f, 0.5f, 0, 0.9f, 0x1.fffffep-1f, 1e-9f};
    return (ock_dropout){.rate = rates[choose(t, 6)],
                         .seed = (uint64_t)choose(t, UINT32_MAX) << 32 | choose(t, UINT32_MAX),
                         .step = choose(t, UINT32_MAX),
                         .layer = choose(t, 4)};
}

/* The same mask to the bit, and the one that ops.h promises. */
static void expect_dropout(checkcl *t, const ock_dropout *d, size_t rows, size_t cols)
{
    bool in_place = choose(t, 2);
    describe(t, "rate %g of %zu x %zu with %u channels%s", (double)d->rate, rows, cols,
             (unsigned)d->channels, in_place ? ", in place" : "");
    float *data = uniform(t, rows * cols, 1, 2);
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *y = in_place ? x : output(t, rows, cols);
    ON_BOTH(t, ock_dropout_apply(d, x->on[side], y->on[side]));
    expect_same(t, "y", y);

    const float *got = result(t, y, DEVICE);
    for (size_t i = 0; i < rows * cols; i++)
        expect_true(t, (got[i] != 0) == kept(d, i / cols, i % cols, cols),
                    "y[%zu, %zu] is %g; it should %s", i / cols, i % cols, (double)got[i],
                    kept(d, i / cols, i % cols, cols) ? "be kept" : "be 0");
}

void check_dropout(checkcl *t)
{
    ock_dropout d = any_dropout(t);
    expect_dropout(t, &d, any_size(t), any_size(t));
}

void check_dropout_channels(checkcl *t)
{
    ock_dropout d = any_dropout(t);
    d.channels = (uint32_t)any_size(t);
    expect_dropout(t, &d, any_size(t), d.channels * (1 + choose(t, 5)));
}
