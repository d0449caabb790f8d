#include <float.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/core.h"

check check_begin(const char *call)
{
    return (check){.call = call, .status = OCK_OK};
}

void check_fail(check *c, ock_status status, const char *format, ...)
{
    if (c->status != OCK_OK)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
    c->status = status;
}

void check_true(check *c, bool condition, const char *what)
{
    if (!condition)
        check_fail(c, OCK_INVALID_ARGUMENT, "%s", what);
}

void check_tensor(check *c, const char *name, const ock_tensor *tensor, ock_dtype dtype)
{
    if (!tensor) {
        check_fail(c, OCK_INVALID_ARGUMENT, "%s is NULL", name);
        return;
    }
    if (!c->context)
        c->context = tensor->context;
    if (tensor->context != c->context)
        check_fail(c, OCK_INVALID_ARGUMENT, "%s belongs to another context", name);
    if (tensor->dtype != dtype)
        check_fail(c, OCK_INVALID_ARGUMENT, "%s must be of type %s", name,
                   dtype == OCK_F32 ? "OCK_F32" : "OCK_I32");
}

void check_shape(check *c, const char *name, const ock_tensor *tensor, size_t rows, size_t cols)
{
    check_tensor(c, name, tensor, OCK_F32);
    if (tensor && (tensor->rows != rows || tensor->cols != cols))
        check_fail(c, OCK_SHAPE_MISMATCH, "%s is %zu x %zu and must be %zu x %zu", name,
                   tensor->rows, tensor->cols, rows, cols);
}

void check_indices(check *c, const ock_tensor *indices, size_t rows)
{
    check_tensor(c, "indices", indices, OCK_I32);
    if (indices && (indices->rows != rows || indices->cols != 1))
        check_fail(c, OCK_SHAPE_MISMATCH, "indices is %zu x %zu and must be %zu x 1", indices->rows,
                   indices->cols, rows);
}

void check_range(check *c, const char *name, double value, double low, double high)
{
    if (!(value >= low && value <= high))
        check_fail(c, OCK_INVALID_ARGUMENT, "%s is %g and must lie in %g..%g", name, value, low,
                   high);
}

void check_positive(check *c, const char *name, double value)
{
    if (!(value > 0 && value <= (double)FLT_MAX))
        check_fail(c, OCK_INVALID_ARGUMENT, "%s is %g and must be finite and above 0", name, value);
}

void check_below(check *c, const char *name, double value, double low, double high)
{
    if (!(value >= low && value < high))
        check_fail(c, OCK_INVALID_ARGUMENT, "%s is %g and must be at least %g and below %g", name,
                   value, low, high);
}

static bool same(const ock_tensor *a, const ock_tensor *b)
{
    return a->storage == b->storage && a->offset == b->offset && a->rows == b->rows;
}

void check_apart(check *c, const char *output_name, const ock_tensor *output,
                 const char *input_name, const ock_tensor *input)
{
    if (ock_tensors_overlap(output, input))
        check_fail(c, OCK_INVALID_ARGUMENT, "%s may not overlap %s", output_name, input_name);
}

void check_in_place(check *c, const char *output_name, const ock_tensor *output,
                    const char *input_name, const ock_tensor *input)
{
    if (output && input && !same(output, input))
        check_apart(c, output_name, output, input_name, input);
}

void check_dropout(check *c, const ock_dropout *dropout)
{
    if (dropout)
        check_below(c, "dropout rate", dropout->rate, 0, 1);
}

void check_totals(check *c, const ock_tensor *totals)
{
    if (totals)
        check_shape(c, "totals", totals, 1, OCK_TOTALS_SIZE);
}

ock_status check_end(check *c)
{
    if (c->status != OCK_OK && c->context)
        ock_log_report(&c->context->log, c->status, "%s: %s", c->call, c->message);
    return c->status;
}
