/* Steps that wait for all gradients, which are clipped by their norm: so these reach memory. */
#include <stdlib.h>

#include "network.h"

bool clip_asked(const ock_optimizer *optimizer)
{
    return optimizer->clip_norm > 0 || optimizer->global_clip_norm > 0;
}

static ock_status reserve_like(const ock_tensor *value, ock_tensor **gradient)
{
    if (!value || *gradient)
        return OCK_OK;
    return ock_tensor_create(ock_tensor_context(value), OCK_F32, ock_tensor_rows(value),
                             ock_tensor_cols(value), gradient);
}

ock_status clip_reserve(net_plan *plan)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < plan->count && !status; i++)
        for (size_t k = 0; k < 2 && !status && plan->nodes[i].layer; k++)
            status =
                reserve_like(plan->nodes[i].layer->trained[k].value, &plan->nodes[i].gradients[k]);
    return status;
}

ock_status clip_dense_gradients(const net_node *node, const ock_tensor *dy)
{
    const ock_matmul_options options = {.transpose_a = true, .alpha = 1};
    ock_status status = ock_matmul(&options, node->input, dy, node->gradients[0]);
    if (status || !node->gradients[1])
        return status;
    return ock_reduce(OCK_SUM, OCK_ROWS, dy, node->gradients[1]);
}

/* ---- The steps ---- */

/* A trained tensor and its gradient. */
typedef struct slope {
    const ock_parameter *parameter;
    ock_tensor *gradient;
} slope;

static size_t list_slopes(const net_plan *plan, slope *slopes)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const net_node *node = &plan->nodes[i];
        for (size_t k = 0; k < 2 && node->layer; k++)
            if (node->gradients[k])
                slopes[count++] = (slope){&node->layer->trained[k], node->gradients[k]};
    }
    return count;
}

static ock_status clip(const ock_optimizer *optimizer, ock_tensor *const *gradients, size_t count)
{
    ock_status status = OCK_OK;
    if (optimizer->global_clip_norm > 0)
        return ock_clip_norm(optimizer->global_clip_norm, gradients, count);
    for (size_t i = 0; i < count && !status; i++)
        status = ock_clip_norm(optimizer->clip_norm, &gradients[i], 1);
    return status;
}

/* The penalty's gradient is already in it. */
static ock_status step(const clip_step *s, const slope *at)
{
    ock_parameter parameter = *at->parameter;
    ock_optimizer optimizer = *s->optimizer;
    ock_status status = s->totals ? ock_penalty_add(at->parameter, s->rows, s->totals) : OCK_OK;
    optimizer.clip_norm = optimizer.global_clip_norm = 0;
    parameter.penalty.l2 = 0;
    if (!parameter.penalty.proximal_l1)
        parameter.penalty.l1 = 0;
    return status ? status
                  : ock_step(&optimizer, s->iteration, &parameter, at->gradient, s->rows, NULL);
}

ock_status clip_and_step(const net_plan *plan, const clip_step *s)
{
    slope *slopes = calloc(2 * plan->count, sizeof *slopes);
    ock_tensor **gradients = calloc(2 * plan->count, sizeof *gradients);
    ock_status status = OCK_OK;
    if (!slopes || !gradients)
        status =
            ock_context_report(s->context, OCK_OUT_OF_MEMORY, "no memory for a list of gradients");
    size_t count = status ? 0 : list_slopes(plan, slopes);
    for (size_t i = 0; i < count && !status; i++) {
        gradients[i] = slopes[i].gradient;
        status = ock_penalty_gradient(slopes[i].parameter, gradients[i]);
    }
    if (!status)
        status = clip(s->optimizer, gradients, count);
    for (size_t i = 0; i < count && !status; i++)
        status = step(s, &slopes[i]);
    free(gradients);
    free(slopes);
    return status;
}
