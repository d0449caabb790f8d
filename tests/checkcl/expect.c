/* Comparisons of the device with the scalar path. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "framework.h"

void expect_ok(checkcl *t, int side, const char *call, ock_status status)
{
    if (status != OCK_OK)
        fail(t, "%s: %s on the %s: %s", call, ock_status_name(status),
             side == DEVICE ? "device" : "scalar path", ock_context_message(t->contexts[side]));
}

void expect_true(checkcl *t, bool condition, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    t->checks++;
    if (!condition)
        fail(t, "%s", text);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The spacing of floats at x; the least normal number, since a device may flush what is less. */
static double ulp(double x)
{
    double magnitude = fabs(x);
    return magnitude < (double)FLT_MIN || !isfinite(x) ? (double)FLT_MIN
                                                       : ldexp(1, ilogb(magnitude) - 23);
}

static bool agree(float got, float expected, double bound)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got);
    return got == expected || fabs((double)got - (double)expected) <= bound;
}

void expect_same(checkcl *t, const char *name, const pair *y)
{
    const float *expected = result(t, y, SCALAR), *got = result(t, y, DEVICE);
    t->checks++;
    for (size_t i = 0; i < y->rows * y->cols && !t->failed; i++)
        if (bits_of(got[i]) != bits_of(expected[i]))
            fail(t, "%s[%zu, %zu] is %.9g (0x%08x), expected exactly %.9g (0x%08x)", name,
                 i / y->cols, i % y->cols, (double)got[i], bits_of(got[i]), (double)expected[i],
                 bits_of(expected[i]));
}

void expect_within(checkcl *t, const char *name, const pair *y, const double *bound)
{
    const float *expected = result(t, y, SCALAR), *got = result(t, y, DEVICE);
    t->checks++;
    for (size_t i = 0; i < y->rows * y->cols && !t->failed; i++)
        if (bits_of(got[i]) == POISON || bits_of(expected[i]) == POISON)
            fail(t, "%s[%zu, %zu] was not written by the %s", name, i / y->cols, i % y->cols,
                 bits_of(got[i]) == POISON ? "device" : "scalar path");
        else if (!agree(got[i], expected[i], bound[i] + (double)FLT_MIN))
            fail(t, "%s[%zu, %zu] is %.9g, expected %.9g within %.3g", name, i / y->cols,
                 i % y->cols, (double)got[i], (double)expected[i], bound[i]);
}

void expect_ulps(checkcl *t, const char *name, const pair *y, double ulps, double floor)
{
    const float *expected = result(t, y, SCALAR);
    double *bound = scratch(t, y->rows * y->cols);
    for (size_t i = 0; i < y->rows * y->cols; i++)
        bound[i] = fmax(ulps * ulp((double)expected[i]), floor);
    expect_within(t, name, y, bound);
}

static void expect_sum(checkcl *t, const char *field, double got, double expected, double bound)
{
    bool same = isfinite(expected) ? fabs(got - expected) <= bound
                                   : got == expected || (isnan(got) && isnan(expected));
    expect_true(t, same, "totals.%s is %.9g, expected %.9g within %.3g", field, got, expected,
                bound);
}

void expect_totals(checkcl *t, const pair *totals, const ock_totals *bound)
{
    ock_totals value[SIDES] = {0};
    ON_BOTH(t, ock_totals_read(totals->on[side], &value[side]));
    const ock_totals *got = &value[DEVICE], *expected = &value[SCALAR];
    expect_sum(t, "loss", got->loss, expected->loss, bound->loss);
    expect_sum(t, "correct", got->correct, expected->correct, bound->correct);
    expect_sum(t, "penalty", got->penalty, expected->penalty, bound->penalty);
    expect_true(t,
                got->rows == expected->rows && got->batches == expected->batches &&
                    got->first_bad == expected->first_bad,
                "totals count %g rows, %llu batches, first bad %llu; expected %g, %llu, %llu",
                got->rows, (unsigned long long)got->batches, (unsigned long long)got->first_bad,
                expected->rows, (unsigned long long)expected->batches,
                (unsigned long long)expected->first_bad);
}
