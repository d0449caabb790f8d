#include "refusals.h"

struct house h;

static ock_tensor *make(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    uint32_t *contents = h.before[h.count];
    assert_ok(ock_tensor_create(context, dtype, rows, cols, &tensor));
    for (size_t i = 0; i < rows * cols; i++) {
        float value = 0.25f + (float)i;
        contents[i] = (uint32_t)i % O;
        if (dtype == OCK_F32)
            memcpy(&contents[i], &value, sizeof value);
    }
    assert_ok(ock_tensor_write(tensor, contents));
    h.all[h.count++] = tensor;
    return tensor;
}

void open_house(void)
{
    h = (struct house){0};
    h.context = open_context("scalar");
    h.second = open_context("scalar");
    h.x = make(h.context, OCK_F32, B, I);
    h.y = make(h.context, OCK_F32, B, O);
    h.x2 = make(h.context, OCK_F32, B, I);
    h.w = make(h.context, OCK_F32, I, O);
    h.m = make(h.context, OCK_F32, I, O);
    h.v = make(h.context, OCK_F32, I, O);
    h.g = make(h.context, OCK_F32, I, O);
    h.b = make(h.context, OCK_F32, 1, O);
    h.bm = make(h.context, OCK_F32, 1, O);
    h.bv = make(h.context, OCK_F32, 1, O);
    h.square = make(h.context, OCK_F32, B, B);
    h.square2 = make(h.context, OCK_F32, B, B);
    h.wide = make(h.context, OCK_F32, B, LARGEST);
    h.far = make(h.second, OCK_F32, B, I);
    h.labels = make(h.context, OCK_I32, B, 1);
    h.indices = make(h.context, OCK_I32, B, 1);
    h.totals = make(h.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    h.totals2 = make(h.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    h.pair = make(h.context, OCK_F32, 2, O);
    h.pair2 = make(h.context, OCK_F32, 2, O);
    h.row = make(h.context, OCK_F32, 1, O);
    h.row2 = make(h.context, OCK_F32, 1, O);
    h.transforms = make(h.context, OCK_F32, B, OCK_TRANSFORM_SIZE);
}

void close_house(void)
{
    for (int i = 0; i < h.count; i++)
        ock_tensor_destroy(h.all[i]);
    ock_context_destroy(h.second);
    ock_context_destroy(h.context);
}

void refused(ock_status expected, const char *says, const char *call, ock_status status)
{
    const char *message = ock_context_message(h.context);
    ck_assert_msg(status == expected, "%s gave %s, not %s", call, ock_status_name(status),
                  ock_status_name(expected));
    ck_assert_msg(strstr(message, says), "%s: \"%s\" does not say \"%s\"", call, message, says);
    for (int i = 0; i < h.count; i++) {
        uint32_t now[LARGEST * B];
        size_t size = ock_tensor_rows(h.all[i]) * ock_tensor_cols(h.all[i]) * sizeof *now;
        assert_ok(ock_tensor_read(h.all[i], now));
        ck_assert_msg(memcmp(now, h.before[i], size) == 0, "%s changed tensor %d", call, i);
    }
}
