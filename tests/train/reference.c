#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formulas.h"
#include "reference.h"

/* A trained array with its gradient and moments. */
typedef struct array {
    size_t size;
    double *value, *gradient, *moment1, *moment2;
    double l1, l2;
} array;

typedef struct operation {
    spec_kind kind;
    size_t inputs, outputs, position; /* position: of the layer */
    size_t channels; /* of what is dropped: all outputs, or those that are shared */
    ock_activation activation;
    double rate, l1, l2; /* l1, l2: of the activity */
    array trained[2];    /* kernel and bias, or gamma and beta */
    double *running;     /* batch-norm: mean, variance */
    double *x, *y;       /* of the last pass; x is the y of the operation before */
    double *saved;       /* batch-norm: mean, 1/sqrt(variance + epsilon) */
} operation;

struct reference {
    operation *operations;
    size_t count, capacity;
    operation
        *folded; /* the last activation, which the loss takes upon itself; NULL: it does not */
    ock_loss_kind loss;
    uint32_t step;
    const ock_fit *fit; /* NULL: not training */
    size_t order;       /* of float sums; 0: double */
};

static double *doubles(size_t count)
{
    double *made = calloc(count ? count : 1, sizeof *made);
    ck_assert_ptr_nonnull(made);
    return made;
}

/* ---- Making ---- */

static void take(const ock_model *model, size_t *index, double *values, size_t size)
{
    ock_model_tensor tensor;
    float *floats = malloc(size * sizeof *floats);
    ck_assert_int_eq(ock_model_tensor_at(model, (*index)++, &tensor), OCK_OK);
    ck_assert_uint_eq(ock_tensor_rows(tensor.tensor) * ock_tensor_cols(tensor.tensor), size);
    ck_assert_int_eq(ock_tensor_read(tensor.tensor, floats), OCK_OK);
    for (size_t i = 0; i < size; i++)
        values[i] = (double)floats[i];
    free(floats);
}

static array take_array(const ock_model *model, size_t *index, size_t size, const spec *layer)
{
    array made = {.size = size,
                  .value = doubles(size),
                  .gradient = doubles(size),
                  .moment1 = doubles(size),
                  .moment2 = doubles(size)};
    if (layer) {
        made.l1 = (double)layer->l1;
        made.l2 = (double)layer->l2;
    }
    take(model, index, made.value, size);
    return made;
}

static operation *append(reference *r, spec_kind kind, size_t inputs, size_t outputs)
{
    operation *added = &r->operations[r->count++];
    *added = (operation){.kind = kind, .inputs = inputs, .outputs = outputs};
    return added;
}

static void append_layer(reference *r, const ock_model *model, const spec *layer, size_t position,
                         size_t *index)
{
    size_t before = r->count ? r->operations[r->count - 1].outputs : ock_model_inputs(model);
    size_t width = layer->kind == SPEC_DENSE ? layer->units : before;
    bool dense = layer->kind == SPEC_DENSE, norm = layer->kind == SPEC_BATCH_NORM;
    if (layer->kind != SPEC_ACTIVATION) {
        operation *added = append(r, layer->kind, before, width);
        added->rate = (double)layer->rate;
        added->position = position;
        added->channels = layer->kind == SPEC_SPATIAL_DROPOUT ? layer->units : width;
        if (dense || norm)
            added->trained[0] =
                take_array(model, index, dense ? before * width : width, dense ? layer : NULL);
        if ((dense && !layer->no_bias) || norm)
            added->trained[1] = take_array(model, index, width, NULL);
        if (norm) {
            added->running = doubles(2 * width);
            added->saved = doubles(2 * width);
            take(model, index, added->running, width);
            take(model, index, added->running + width, width);
        }
    }
    if (layer->activation != OCK_LINEAR)
        append(r, SPEC_ACTIVATION, width, width)->activation = layer->activation;
    r->operations[r->count - 1].l1 = (double)layer->activity_l1;
    r->operations[r->count - 1].l2 = (double)layer->activity_l2;
}

reference *reference_create(const ock_model *model, const spec *layers, ock_loss_kind loss)
{
    reference *r = calloc(1, sizeof *r);
    size_t count = 0, index = 0;
    while (layers[count].kind != SPEC_END)
        count++;
    ck_assert_ptr_nonnull(r);
    r->loss = loss;
    r->operations = calloc(2 * count, sizeof *r->operations);
    ck_assert_ptr_nonnull(r->operations);
    for (size_t i = 0; i < count; i++)
        append_layer(r, model, &layers[i], i, &index);
    /* These losses are of logits, and bring their own softmax or sigmoid. */
    if (loss != OCK_MEAN_SQUARED_ERROR && r->operations[r->count - 1].kind == SPEC_ACTIVATION)
        r->folded = &r->operations[--r->count];
    return r;
}

void reference_free(reference *r)
{
    for (size_t i = 0; i < r->count; i++) {
        operation *o = &r->operations[i];
        for (size_t k = 0; k < 2; k++) {
            free(o->trained[k].value);
            free(o->trained[k].gradient);
            free(o->trained[k].moment1);
            free(o->trained[k].moment2);
        }
        free(o->running);
        free(o->saved);
        free(o->y);
    }
    if (r->folded)
        free(r->folded->y);
    free(r->operations);
    free(r);
}

void reference_round(reference *r, size_t order)
{
    r->order = order;
}

static void store(const reference *r, double *values, size_t count)
{
    for (size_t i = 0; r->order && i < count; i++)
        values[i] = (double)(float)values[i];
}

/* ---- Operations ---- */

static uint32_t word(const reference *r, const operation *o, ock_purpose purpose, size_t i)
{
    uint32_t draw[4];
    size_t quads = (o->channels + 3) / 4, col = i % o->outputs % o->channels;
    ock_philox((uint32_t[]){(uint32_t)(i / o->outputs * quads + col / 4), r->step,
                            (uint32_t)o->position, purpose},
               r->fit->seed, draw);
    return draw[col % 4];
}

/* What element i is multiplied by in training. */
static double factor(const reference *r, const operation *o, size_t i)
{
    if (o->kind == SPEC_GAUSSIAN_NOISE || !r->fit)
        return 1;
    if (o->kind == SPEC_GAUSSIAN_DROPOUT)
        return 1 + sqrt(o->rate / (1 - o->rate)) * normal(word(r, o, OCK_PURPOSE_NOISE, i));
    return word(r, o, OCK_PURPOSE_DROPOUT, i) >= round(o->rate * 0x1p32) ? 1 / (1 - o->rate) : 0;
}

/* What is added to it. */
static double addend(const reference *r, const operation *o, size_t i)
{
    if (o->kind != SPEC_GAUSSIAN_NOISE || !r->fit)
        return 0;
    return o->rate * normal(word(r, o, OCK_PURPOSE_NOISE, i));
}

static void random_forward(const reference *r, operation *o, size_t rows)
{
    for (size_t i = 0; i < rows * o->outputs; i++)
        o->y[i] = o->x[i] * factor(r, o, i) + addend(r, o, i);
}

/* Element (i, j) of the product; in float from another term on for each order. */
static double product(const reference *r, const operation *o, size_t i, size_t j)
{
    const double *x = o->x + i * o->inputs, *w = o->trained[0].value + j;
    double exact = 0;
    float sum = 0;
    if (!r->order) {
        for (size_t k = 0; k < o->inputs; k++)
            exact += x[k] * w[k * o->outputs];
        return exact;
    }
    for (size_t n = 0; n < o->inputs; n++) {
        size_t k = (n + 131 * r->order) % o->inputs;
        sum = fmaf((float)x[k], (float)w[k * o->outputs], sum);
    }
    return (double)sum;
}

static void dense_forward(const reference *r, operation *o, size_t rows)
{
    const double *bias = o->trained[1].value;
    for (size_t i = 0; i < rows * o->outputs; i++) {
        size_t j = i % o->outputs;
        o->y[i] = product(r, o, i / o->outputs, j) + (bias ? bias[j] : 0);
    }
}

static void norm_statistics(operation *o, size_t rows, const ock_normalization *norm)
{
    double momentum = (double)norm->momentum, *running = o->running;
    for (size_t j = 0; j < o->outputs; j++) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < rows; i++)
            mean += o->x[i * o->outputs + j] / (double)rows;
        for (size_t i = 0; i < rows; i++)
            variance += pow(o->x[i * o->outputs + j] - mean, 2) / (double)rows;
        o->saved[j] = mean;
        o->saved[o->outputs + j] = 1 / sqrt(variance + (double)norm->epsilon);
        running[j] += (1 - momentum) * (mean - running[j]);
        running[o->outputs + j] += (1 - momentum) * (variance - running[o->outputs + j]);
    }
}

static void norm_forward(const reference *r, operation *o, size_t rows)
{
    ock_normalization norm = ock_normalization_defaults();
    size_t width = o->outputs;
    if (r->fit)
        norm_statistics(o, rows, &norm);
    for (size_t i = 0; i < rows * width; i++) {
        size_t j = i % width;
        double mean = r->fit ? o->saved[j] : o->running[j];
        double scale =
            r->fit ? o->saved[width + j] : 1 / sqrt(o->running[width + j] + (double)norm.epsilon);
        o->y[i] = o->trained[0].value[j] * (o->x[i] - mean) * scale + o->trained[1].value[j];
    }
}

static void operation_forward(const reference *r, operation *o, double *x, size_t rows)
{
    o->x = x;
    o->y = realloc(o->y, rows * o->outputs * sizeof *o->y);
    if (o->kind == SPEC_DENSE)
        dense_forward(r, o, rows);
    else if (o->kind == SPEC_BATCH_NORM)
        norm_forward(r, o, rows);
    else if (o->kind != SPEC_ACTIVATION)
        random_forward(r, o, rows);
    else
        for (size_t i = 0; i < rows * o->outputs; i++)
            o->y[i] = activate(o->activation, o->x[i]);
    for (size_t i = 0; o->activation == OCK_SOFTMAX && i < rows; i++)
        softmax(o->x + i * o->outputs, o->y + i * o->outputs, o->outputs);
    store(r, o->y, rows * o->outputs);
}

static void forward(reference *r, double *x, size_t rows)
{
    for (size_t n = 0; n < r->count; n++)
        operation_forward(r, &r->operations[n], n ? r->operations[n - 1].y : x, rows);
    if (r->folded)
        operation_forward(r, r->folded, r->folded[-1].y, rows);
}

/* ---- Activity ---- */

static double activity(const operation *o, size_t rows)
{
    double sum = 0;
    for (size_t i = 0; i < rows * o->outputs; i++)
        sum += o->l1 * fabs(o->y[i]) + o->l2 * o->y[i] * o->y[i];
    return sum / (double)rows;
}

static void add_activity(const operation *o, double *dy, size_t rows)
{
    for (size_t i = 0; i < rows * o->outputs; i++)
        dy[i] += (o->l1 * ((o->y[i] > 0) - (o->y[i] < 0)) + 2 * o->l2 * o->y[i]) / (double)rows;
}

/* ---- The loss ---- */

static outcome judge(const reference *r, const double *t, double *g, size_t rows)
{
    const operation *last = &r->operations[r->count - 1];
    outcome means = {0};
    for (size_t i = 0; i < rows; i++) {
        size_t at = i * last->outputs;
        means.data_loss +=
            row_loss(r->loss, last->y + at, t + at, last->outputs, g + at, &means.accuracy);
    }
    means.data_loss /= (double)rows;
    means.accuracy /= (double)rows;
    for (size_t i = 0; i < rows * last->outputs; i++)
        g[i] /= (double)rows;
    for (size_t n = 0; n < r->count; n++) {
        const array *kernel = &r->operations[n].trained[0];
        for (size_t i = 0; i < kernel->size; i++)
            means.penalty += kernel->l1 * fabs(kernel->value[i]) +
                             kernel->l2 * kernel->value[i] * kernel->value[i];
        means.penalty += activity(&r->operations[n], rows);
    }
    means.penalty += r->folded ? activity(r->folded, rows) : 0;
    if (r->loss == OCK_MEAN_SQUARED_ERROR)
        means.accuracy = (double)NAN;
    return means;
}

/* ---- Backward ---- */

static void dense_backward(operation *o, const double *dy, double *dx, size_t rows)
{
    array *kernel = &o->trained[0], *bias = &o->trained[1];
    memset(kernel->gradient, 0, kernel->size * sizeof *kernel->gradient);
    if (bias->value)
        memset(bias->gradient, 0, bias->size * sizeof *bias->gradient);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < o->outputs; j++) {
            double d = dy[i * o->outputs + j];
            if (bias->value)
                bias->gradient[j] += d;
            for (size_t k = 0; k < o->inputs; k++) {
                kernel->gradient[k * o->outputs + j] += o->x[i * o->inputs + k] * d;
                dx[i * o->inputs + k] += d * kernel->value[k * o->outputs + j];
            }
        }
    }
}

static void norm_backward(operation *o, const double *dy, double *dx, size_t rows)
{
    size_t width = o->outputs;
    for (size_t j = 0; j < width; j++) {
        double sum = 0, product = 0, scale = o->saved[width + j];
        for (size_t i = j; i < rows * width; i += width) {
            sum += dy[i];
            product += dy[i] * (o->x[i] - o->saved[j]) * scale;
        }
        o->trained[0].gradient[j] = product;
        o->trained[1].gradient[j] = sum;
        for (size_t i = j; i < rows * width; i += width)
            dx[i] = o->trained[0].value[j] * scale *
                    (dy[i] - (sum + (o->x[i] - o->saved[j]) * scale * product) / (double)rows);
    }
}

static void softmax_backward(const operation *o, const double *dy, double *dx, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        const double *y = o->y + i * o->outputs, *d = dy + i * o->outputs;
        double sum = 0;
        for (size_t j = 0; j < o->outputs; j++)
            sum += y[j] * d[j];
        for (size_t j = 0; j < o->outputs; j++)
            dx[i * o->outputs + j] = y[j] * (d[j] - sum);
    }
}

static void operation_backward(const reference *r, operation *o, const double *dy, double *dx,
                               size_t rows)
{
    if (o->kind == SPEC_DENSE)
        dense_backward(o, dy, dx, rows);
    else if (o->kind == SPEC_BATCH_NORM)
        norm_backward(o, dy, dx, rows);
    else if (o->activation == OCK_SOFTMAX)
        softmax_backward(o, dy, dx, rows);
    else
        for (size_t i = 0; i < rows * o->outputs; i++)
            dx[i] = dy[i] * (o->kind == SPEC_ACTIVATION ? slope(o->activation, o->x[i], o->y[i])
                                                        : factor(r, o, i));
}

/* ---- Steps ---- */

static void update(const reference *r, array *a, const ock_optimizer *optimizer, double t)
{
    double lr = (double)optimizer->learning_rate, momentum = (double)optimizer->momentum;
    double beta1 = (double)optimizer->beta1, beta2 = (double)optimizer->beta2;
    for (size_t i = 0; i < a->size; i++) {
        double *w = &a->value[i], *m = &a->moment1[i], *v = &a->moment2[i];
        double g = a->gradient[i] + a->l1 * ((*w > 0) - (*w < 0)) + 2 * a->l2 * *w;
        if (optimizer->kind == OCK_SGD) {
            *m = momentum * *m - lr * g;
            *w += optimizer->nesterov ? momentum * *m - lr * g : *m;
        } else {
            *m += (1 - beta1) * (g - *m);
            *v += (1 - beta2) * (g * g - *v);
            *w -= lr * sqrt(1 - pow(beta2, t)) / (1 - pow(beta1, t)) * *m /
                  (sqrt(*v) + (double)optimizer->epsilon);
        }
    }
    store(r, a->value, a->size);
    store(r, a->moment1, a->size);
    store(r, a->moment2, a->size);
}

static double *widen(const float *values, size_t count)
{
    double *made = doubles(count);
    for (size_t i = 0; i < count; i++)
        made[i] = (double)values[i];
    return made;
}

/* The loss's gradient is the one at the folded activation's input; its activity's joins it. */
static void folded_backward(const reference *r, double *gradient, size_t rows)
{
    size_t count = rows * r->folded->outputs;
    double *dy = doubles(count), *dx = doubles(count);
    add_activity(r->folded, dy, rows);
    operation_backward(r, r->folded, dy, dx, rows);
    for (size_t i = 0; i < count; i++)
        gradient[i] += dx[i];
    free(dx);
    free(dy);
}

static outcome pass(reference *r, const float *x, const float *targets, size_t rows)
{
    size_t outputs = r->operations[r->count - 1].outputs;
    double *input = widen(x, rows * r->operations[0].inputs);
    double *t = widen(targets, rows * outputs), *gradient = doubles(rows * outputs);
    forward(r, input, rows);
    outcome means = judge(r, t, gradient, rows);
    if (r->fit && r->folded)
        folded_backward(r, gradient, rows);
    for (size_t n = r->count; r->fit && n-- > 0;) {
        double *dx = doubles(rows * r->operations[n].inputs);
        add_activity(&r->operations[n], gradient, rows);
        operation_backward(r, &r->operations[n], gradient, dx, rows);
        store(r, dx, rows * r->operations[n].inputs);
        free(gradient);
        gradient = dx;
    }
    free(gradient);
    free(t);
    free(input);
    return means;
}

outcome reference_step(reference *r, const ock_fit *fit, const float *x, const float *targets,
                       size_t rows)
{
    r->fit = fit;
    r->step++;
    outcome means = pass(r, x, targets, rows);
    for (size_t n = 0; n < r->count; n++)
        for (size_t k = 0; k < 2; k++)
            update(r, &r->operations[n].trained[k], &fit->optimizer, (double)r->step);
    return means;
}

outcome reference_loss(reference *r, const float *x, const float *targets, size_t rows)
{
    r->fit = NULL;
    return pass(r, x, targets, rows);
}

/* ---- Comparison ---- */

static double distance(const double *values, size_t size, const float **model)
{
    double most = 0;
    for (size_t i = 0; i < size; i++)
        most = fmax(most, fabs(values[i] - (double)*(*model)++));
    return most;
}

double reference_distance(const reference *r, const ock_model *model)
{
    size_t count;
    float *weights = weights_of(model, &count);
    const float *next = weights;
    double most = 0;
    for (size_t n = 0; n < r->count; n++) {
        const operation *o = &r->operations[n];
        for (size_t k = 0; k < 2; k++)
            most = fmax(most, distance(o->trained[k].value, o->trained[k].size, &next));
        if (o->running)
            most = fmax(most, distance(o->running, 2 * o->outputs, &next));
    }
    ck_assert_uint_eq((size_t)(next - weights), count);
    free(weights);
    return most;
}
