/* Scenes that open a context of their own, so that its opening and closing fail as well; and those
 * that must fail whatever the library does. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep.h"

enum {
    BATCH = 19,
    INPUTS = 37,
    OUTPUTS = 21
};

static void open_context(stage *s)
{
    ock_context_options options = ock_context_defaults();
    options.device = s->device;
    options.message = s->message;
    options.message_size = sizeof s->message;
    TRY(s, ock_context_create(&options, &s->context));
}

/* ---- Opening ---- */

static void play_open(stage *s)
{
    open_context(s);
    ock_tensor *a = stage_floats(s, BATCH, INPUTS), *b = stage_floats(s, INPUTS, OUTPUTS);
    ock_tensor *c = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    TRY(s, ock_matmul(NULL, a, b, c));
    stage_keep(s, c);
}

/* The first reduction makes scratch memory. */
static void play_first_step(stage *s)
{
    open_context(s);
    ock_tensor *x = stage_floats(s, 64, OUTPUTS), *all = stage_tensor(s, OCK_F32, 1, 1);
    TRY(s, ock_reduce(OCK_SUM, OCK_ALL, x, all));
    stage_keep(s, all);
}

/* Few columns: several kinds of kernels are built and measured. */
static void play_tuned(stage *s)
{
    open_context(s);
    ock_tensor *a = stage_floats(s, BATCH, INPUTS), *b = stage_floats(s, INPUTS, 8);
    ock_tensor *c = stage_tensor(s, OCK_F32, BATCH, 8);
    ock_dense_parameters layer = {.kernel = {.value = b}};
    TRY(s, ock_matmul(NULL, a, b, c));
    stage_keep(s, c);
    TRY(s, ock_dense_forward(a, &layer, OCK_RELU, NULL, c));
    stage_keep(s, c);
}

/* Where a platform cannot be listed, its row says why. */
static void play_self_test(stage *s)
{
    ock_device *devices = NULL;
    size_t count = 0;
    ock_self_test result = {0};
    stage_note(s, ock_device_list(&devices, &count));
    for (size_t i = 0; i < count && s->status == OCK_OK; i++)
        if (devices[i].type == OCK_DEVICE_NONE) {
            stage_note(s, devices[i].status);
            memcpy(s->message, devices[i].reason, sizeof devices[i].reason);
        } else if (s->device && strcmp(devices[i].id, s->device) == 0) {
            stage_note(s, ock_device_self_test(&devices[i], &result));
            memcpy(s->message, result.message, sizeof result.message);
        }
    stage_keep_value(s, result.passed);
    ock_device_list_free(devices);
}

const scenario opening_scenes[] = {
    {.name = "open, close", .play = play_open, .opens = true, .device = "", .stride = 19},
    {.name = "open by default", .play = play_open, .opens = true, .falls_back = true, .stride = 23},
    {.name = "first reduction", .play = play_first_step, .opens = true, .device = "", .stride = 23},
    {.name = "tuned",
     .play = play_tuned,
     .opens = true,
     .falls_back = true,
     .device = "",
     .tuned = true,
     .stride = 397,
     .all_stride = 101},
    {.name = "CLBlast",
     .play = play_open,
     .opens = true,
     .falls_back = true,
     .device = "",
     .tiles = "clblast",
     .stride = 97,
     .all_stride = 11},
    {.name = "self-test", .play = play_self_test, .opens = true, .device = "", .all_stride = 13},
    {0}};

/* ---- Controls: each is lost, in its own way ---- */

static void play_blind(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, INPUTS);
    float value = 0;
    if (x)
        ock_tensor_fill(x, 1);
    s->status = OCK_OK;
    if (x)
        ock_tensor_read(x, s->values + s->kept);
    stage_keep_value(s, (double)value);
}

static void play_leak(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, INPUTS);
    TRY(s, ock_tensor_fill(x, 1));
    stage_keep(s, x);
    if (s->status != OCK_OK && s->count > 0)
        s->count--;
}

static void play_crash(stage *s)
{
    play_leak(s);
    if (s->status != OCK_OK)
        raise(SIGSEGV);
}

static void play_hang(stage *s)
{
    play_leak(s);
    if (s->status != OCK_OK)
        pause();
}

const scenario control_scenes[] = {
    {.name = "blind", .play = play_blind, .control = true, .stride = 1},
    {.name = "leak", .play = play_leak, .control = true, .stride = 1},
    {.name = "crash", .play = play_crash, .control = true, .stride = 7},
    {.name = "hang", .play = play_hang, .control = true, .stride = 31},
    {0}};
