#include <stdio.h>
#include <stdlib.h>

#include "find_layer.h"
#include "sweep.h"

/* ---- The stage ---- */

void stage_note(stage *s, ock_status status)
{
    s->status = status;
    if (status != OCK_OK && s->context)
        snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
}

ock_tensor *stage_tensor(stage *s, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    TRY(s, ock_tensor_create(s->context, dtype, rows, cols, &tensor));
    if (tensor)
        s->tensors[s->count++] = tensor;
    return tensor;
}

ock_tensor *stage_floats(stage *s, size_t rows, size_t cols)
{
    static float data[STAGE_SIZE];
    uint32_t salt = (uint32_t)s->count, draw[4];
    for (uint32_t i = 0; i < rows * cols; i++) {
        ock_philox((uint32_t[4]){i / 4, salt, 0, 0}, 1, draw);
        data[i] = (float)(draw[i % 4] >> 8) * 0x1p-23f - 1;
    }
    ock_tensor *tensor = stage_tensor(s, OCK_F32, rows, cols);
    TRY(s, ock_tensor_write(tensor, data));
    return tensor;
}

ock_tensor *stage_integers(stage *s, size_t rows, int32_t limit)
{
    static int32_t data[STAGE_SIZE];
    for (size_t i = 0; i < rows; i++)
        data[i] = (int32_t)(5 * i) % limit;
    ock_tensor *tensor = stage_tensor(s, OCK_I32, rows, 1);
    TRY(s, ock_tensor_write(tensor, data));
    return tensor;
}

/* Whether a fault, of whatever kind, was injected before the wait that comes. */
static bool is_due(void)
{
    return layer.injected && layer.injected() > 0;
}

void stage_keep(stage *s, const ock_tensor *tensor)
{
    size_t count = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    bool due = is_due();
    TRY(s, ock_tensor_read(tensor, s->values + s->kept));
    if (s->status == OCK_OK) {
        s->kept += count;
        s->slept = s->slept || due;
    }
}

void stage_keep_value(stage *s, double value)
{
    if (s->status == OCK_OK)
        s->values[s->kept++] = (float)value;
}

void stage_keep_totals(stage *s, const ock_tensor *totals)
{
    ock_totals t = {0};
    bool due = is_due();
    TRY(s, ock_totals_read(totals, &t));
    const double values[] = {t.loss, t.correct, t.penalty, t.rows, (double)t.batches};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        stage_keep_value(s, values[i]);
    s->slept = s->slept || (s->status == OCK_OK && due);
}

void stage_finish(stage *s)
{
    bool due = is_due();
    if (s->context)
        TRY(s, ock_context_finish(s->context));
    s->slept = s->slept || (s->context && s->status == OCK_OK && due);
}

void stage_calm(stage *s)
{
    if (!s->calm && layer.injected)
        s->injected = layer.injected();
    if (layer.arm)
        layer.arm(NULL);
    s->calm = true;
}

void stage_clear(stage *s)
{
    while (s->count > 0)
        ock_tensor_destroy(s->tensors[--s->count]);
}
