/* What steps and dense layers refuse, and what they do not. */
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "refusals.h"

static const float bad[] = {-1, NAN, INFINITY};

START_TEST(numbers_of_optimizers)
{
    static const struct {
        const char *says;
        ock_optimizer (*of)(void);
        size_t field;
    } numbers[] = {
        {"learning_rate is", ock_adam_defaults, offsetof(ock_optimizer, learning_rate)},
        {"beta1 is", ock_adam_defaults, offsetof(ock_optimizer, beta1)},
        {"epsilon is", ock_adam_defaults, offsetof(ock_optimizer, epsilon)},
        {"momentum is", ock_sgd_defaults, offsetof(ock_optimizer, momentum)},
        {"rho is", ock_rmsprop_defaults, offsetof(ock_optimizer, rho)},
        {"weight_decay is", ock_adamw_defaults, offsetof(ock_optimizer, weight_decay)},
        {"clip_value is", ock_sgd_defaults, offsetof(ock_optimizer, clip_value)},
        {"ema_momentum is", ock_sgd_defaults, offsetof(ock_optimizer, ema_momentum)},
    };
    ock_parameter p = {.value = h.w, .moment1 = h.m, .moment2 = h.v};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        for (int i = 0; i < 3; i++) {
            ock_optimizer o = numbers[n].of();
            *(float *)((char *)&o + numbers[n].field) = bad[i];
            INVALID(numbers[n].says, ock_step(&o, 1, &p, h.g, B, NULL));
        }
}
END_TEST

START_TEST(numbers_of_parameters)
{
    ock_parameter p = {.value = h.w};
    ock_optimizer o = ock_sgd_defaults();
    for (int i = 0; i < 3; i++) {
        p.penalty = (ock_penalty){.l1 = bad[i]};
        INVALID("l1 is", ock_step(&o, 1, &p, h.g, B, NULL));
        p.penalty = (ock_penalty){.l2 = bad[i]};
        INVALID("l2 is", ock_penalty_add(&p, B, h.totals));
        p.penalty = (ock_penalty){.group_lasso = bad[i]};
        INVALID("group_lasso is", ock_penalty_add(&p, B, h.totals));
        p.penalty = (ock_penalty){0};
        p.constraint = (ock_constraint){OCK_MAX_NORM, bad[i]};
        INVALID("max_norm is", ock_step(&o, 1, &p, h.g, B, NULL));
        p.constraint = (ock_constraint){0};
    }
}
END_TEST

START_TEST(optimizers)
{
    ock_parameter p = {.value = h.w, .moment1 = h.m, .moment2 = h.v};
    ock_optimizer o = ock_adam_defaults();
    INVALID("optimizer is NULL", ock_step(NULL, 1, &p, h.g, B, NULL));
    INVALID("iteration counts from 1", ock_step(&o, 0, &p, h.g, B, NULL));
    o.epsilon = 0;
    INVALID("epsilon is 0", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_adam_defaults();
    o.clip_norm = 1;
    INVALID("clip_norm", ock_step(&o, 1, &p, h.g, B, NULL));
    o.clip_value = 1;
    INVALID("only one of clip_value, clip_norm", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_adam_defaults();
    o.global_clip_norm = 1;
    INVALID("global_clip_norm need whole gradients", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_adam_defaults();
    o.ema_momentum = 0.5f;
    INVALID("average is NULL", ock_step(&o, 1, &p, h.g, B, NULL));
    p.average = h.m;
    INVALID("average may not overlap moment1", ock_step(&o, 1, &p, h.g, B, NULL));
    p.average = NULL;
    o = ock_sgd_defaults();
    p.constraint.kind = (ock_constraint_kind)9;
    INVALID("constraint kind is none", ock_step(&o, 1, &p, h.g, B, NULL));
    p.constraint.kind = (ock_constraint_kind)-1;
    INVALID("constraint kind is none", ock_step(&o, 1, &p, h.g, B, NULL));
    p.constraint = (ock_constraint){0};
    o.beta2 = 1;
    o.kind = (ock_optimizer_kind)5;
    INVALID("kind is none", ock_step(&o, 1, &p, h.g, B, NULL));
    o.kind = OCK_ADAM;
    INVALID("beta2 is 1", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_sgd_defaults();
    o.nesterov = true;
    INVALID("nesterov needs a momentum", ock_step(&o, 1, &p, h.g, B, NULL));
}
END_TEST

START_TEST(steps)
{
    ock_optimizer o = ock_adam_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.m};
    INVALID("parameter is NULL", ock_step(&o, 1, NULL, h.g, B, NULL));
    INVALID("", ock_step(&o, 1, &p, NULL, B, NULL));
    INVALID("moment2 is NULL", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.m;
    INVALID("moment2 may not overlap moment1", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.y;
    MISFIT("moment2 is 4 x 3", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.v;
    MISFIT("parameter value is 5 x 3", ock_step(&o, 1, &p, h.y, B, NULL));
    INVALID("may not overlap gradient", ock_step(&o, 1, &p, h.w, B, NULL));
    INVALID("may not overlap gradient", ock_step(&o, 1, &p, h.m, B, NULL));
    MISFIT("totals is 1 x 3", ock_step(&o, 1, &p, h.g, B, h.b));
    p.value = h.totals2;
    o = ock_sgd_defaults();
    INVALID("totals may not overlap gradient", ock_step(&o, 1, &p, h.totals, B, h.totals));
    INVALID("totals may not overlap", ock_penalty_add(&p, B, h.totals2));
    INVALID("parameter is NULL", ock_penalty_add(NULL, B, h.totals));
    p.value = h.w;
    INVALID("parameter is NULL", ock_penalty_gradient(NULL, h.g));
    INVALID("gradient is NULL", ock_penalty_gradient(&p, NULL));
    INVALID("gradient may not overlap", ock_penalty_gradient(&p, h.w));
    MISFIT("parameter value is 5 x 3", ock_penalty_gradient(&p, h.y));
    ock_tensor *pair[] = {h.g, NULL};
    INVALID("", ock_clip_norm(1, NULL, 1));
    INVALID("", ock_clip_norm(1, pair, 0));
    INVALID("a gradient is NULL", ock_clip_norm(1, pair, 2));
    pair[1] = h.g;
    INVALID("a gradient may not overlap another", ock_clip_norm(1, pair, 2));
    INVALID("norm is 0", ock_clip_norm(0, pair, 1));
    INVALID("norm is inf", ock_clip_norm(INFINITY, pair, 1));
    p.value = h.totals2;
    INVALID("totals is NULL", ock_penalty_add(&p, B, NULL));
}
END_TEST

START_TEST(dense)
{
    ock_optimizer o = ock_adam_defaults();
    ock_dropout full = {.rate = 1};
    ock_dense_parameters p = {.kernel = {.value = h.w, .moment1 = h.m, .moment2 = h.v},
                              .bias = {.value = h.b, .moment1 = h.bm, .moment2 = h.bv}};
    ock_dense_parameters q = p;
    INVALID("parameters is NULL", ock_dense_forward(h.x, NULL, OCK_RELU, NULL, h.y));
    INVALID("x is NULL", ock_dense_forward(NULL, &p, OCK_RELU, NULL, h.y));
    INVALID("y is NULL", ock_dense_forward(h.x, &p, OCK_RELU, NULL, NULL));
    INVALID("not OCK_SOFTMAX", ock_dense_forward(h.x, &p, (ock_activation)-1, NULL, h.y));
    INVALID("dy is NULL", ock_dense_backward_input(NULL, &p, OCK_RELU, NULL, h.x, h.x2));
    INVALID("dx is NULL", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, h.x, NULL));
    INVALID("not OCK_SOFTMAX", ock_dense_forward(h.x, &p, OCK_SOFTMAX, NULL, h.y));
    INVALID("dropout rate is 1", ock_dense_forward(h.x, &p, OCK_RELU, &full, h.y));
    full = (ock_dropout){.rate = 0.5f, .channels = 1};
    INVALID("dropout channels must be 0", ock_dense_forward(h.x, &p, OCK_RELU, &full, h.y));
    MISFIT("parameter value is 5 x 3", ock_dense_forward(h.y, &p, OCK_RELU, NULL, h.x));
    MISFIT("y is 5 x 3", ock_dense_forward(h.x, &p, OCK_RELU, NULL, h.m));
    q.kernel.value = NULL;
    INVALID("parameter value is NULL", ock_dense_forward(h.x, &q, OCK_RELU, NULL, h.y));
    q = p;
    q.bias.value = h.pair;
    MISFIT("parameter value is 2 x 3", ock_dense_forward(h.x, &q, OCK_RELU, NULL, h.y));
    INVALID("not OCK_GELU", ock_dense_backward_input(h.y, &p, OCK_GELU, NULL, h.x, h.x2));
    INVALID("or OCK_SOFTMAX", ock_dense_backward_input(h.y, &p, OCK_SOFTMAX, NULL, h.x, h.x2));
    INVALID("or OCK_SOFTMAX",
            ock_dense_backward_input(h.y, &p, (ock_activation)-1, NULL, h.x, h.x2));
    INVALID("y is NULL", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, NULL, h.x2));
    INVALID("dx may not overlap y", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, h.x, h.x));
    MISFIT("parameter value", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, h.wide, h.wide));
    MISFIT("dy is 5 x 3", ock_dense_backward_weights(&o, 1, h.x, h.w, &p, NULL));
    MISFIT("parameter value", ock_dense_backward_weights(&o, 1, h.wide, h.y, &p, NULL));
    MISFIT("totals is 1 x 3", ock_dense_backward_weights(&o, 1, h.x, h.y, &p, h.b));
    q = p;
    q.bias.moment2 = NULL;
    INVALID("moment2 is NULL", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
    q = p;
    assert_ok(ock_tensor_view(h.w, 0, 1, &q.bias.value));
    INVALID("overlap bias", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
    ock_tensor_destroy(q.bias.value);
    q = (ock_dense_parameters){.kernel.value = h.square};
    INVALID("y may not overlap kernel", ock_dense_forward(h.square2, &q, OCK_RELU, NULL, h.square));
    INVALID("dx may not overlap kernel",
            ock_dense_backward_input(h.square2, &q, OCK_LINEAR, NULL, NULL, h.square));
    q = p;
    q.kernel.penalty.l1 = -1;
    INVALID("l1 is -1", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
}
END_TEST

/* What an operation does not read may be of any shape and context. */
START_TEST(what_is_not_read)
{
    ock_optimizer sgd = ock_sgd_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.far, .moment2 = h.g};
    ock_dense_parameters q = {.kernel = p, .bias = {.moment1 = h.x}};
    assert_ok(ock_step(&sgd, 1, &p, h.g, B, NULL));
    assert_ok(ock_dense_backward_weights(&sgd, 1, h.x, h.y, &q, NULL));
    assert_ok(ock_dense_backward_input(h.y, &q, OCK_LINEAR, NULL, h.far, h.x2));
    assert_ok(ock_activation_backward(OCK_RELU, h.far, h.x, h.x2, h.x2));
    assert_ok(ock_activation_backward(OCK_GELU, h.x, h.far, h.x2, h.x2));
}
END_TEST

/* The ends of the ranges that ops.h and model.h name. */
START_TEST(what_is_in_range)
{
    float before[I * O], after[I * O];
    ock_optimizer o = ock_adam_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.m, .moment2 = h.v};
    ock_batch_norm norm = {h.b, h.bm, h.row, h.row2, .momentum = 0, .epsilon = 2};
    o.learning_rate = 0;
    o.epsilon = 2;
    assert_ok(ock_tensor_read(h.w, before));
    assert_ok(ock_step(&o, 1, &p, h.g, B, NULL));
    assert_ok(ock_tensor_read(h.w, after));
    ck_assert_mem_eq(before, after, sizeof before);
    assert_ok(ock_batch_norm_forward(&norm, h.y, h.y, h.pair));
    p.penalty.l2 = FLT_MAX;
    assert_ok(ock_penalty_add(&p, B, h.totals));
}
END_TEST

TEST_MAIN("step_errors", open_house, close_house, numbers_of_optimizers, numbers_of_parameters,
          optimizers, steps, dense, what_is_not_read, what_is_in_range)
