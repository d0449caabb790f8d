/* The vtable between the validated front (core) and the two backends, and the only
 * header that the backends share. Arguments arrive validated: shapes fit,
 * pointers that must be set are set, numbers are in range, nothing forbidden overlaps. */
#ifndef OCKHAM_BACKEND_H
#define OCKHAM_BACKEND_H

#include <math.h>

#include <ockham/augment.h>

typedef struct ock_backend ock_backend;

/* ---- Messages ---- */

/* The text behind ock_context_message(). A failed allocation keeps the fixed part. */
typedef struct ock_log {
    char *text; /* NULL: `brief` holds it */
    char brief[512];
    ock_log_callback *callback; /* NULL: nobody listens */
    void *data;
    ock_log_level level; /* the least urgent that it gets */
    bool trying;         /* failures are not yet the caller's: they are told as OCK_LOG_DEBUG */
} ock_log;

/* Passes a message to who listens. The text behind ock_context_message() stays. */
void ock_log_tell(ock_log *log, ock_log_level level, const char *format, ...) OCK_PRINTF(3, 4);

/* Sets the text, tells it if status is a failure, and returns status. */
ock_status ock_log_report(ock_log *log, ock_status status, const char *format, ...)
    OCK_PRINTF(3, 4);
void ock_log_clear(ock_log *log);
const char *ock_log_text(const ock_log *log);

/* ---- Measurements ---- */

/* Figures about one device and its kernels, kept from process to process. */
typedef struct ock_cache ock_cache;

/* Copies the value of a name and returns true, if there is one of less than `size` bytes. It is
 * what some file said: check it. NULL has no values. */
bool ock_cache_get(const ock_cache *cache, const char *name, char *value, size_t size);

/* Keeps a value, one line of text, under a name without blanks, and writes the file, if that can
 * be done. NULL is allowed. */
void ock_cache_put(ock_cache *cache, const char *name, const char *value);

/* Tells what became of the file since this was last asked. */
void ock_log_tell_cache(ock_log *log, ock_cache *cache);

/* Of a clock that only goes forward. */
double ock_seconds_now(void);

/* ---- Tensors ---- */

/* Floats keep every row on a boundary of OCK_PAD elements: a kernel may load and
 * store whole vectors of up to OCK_PAD elements at multiples of that, and what lies
 * between cols and stride is readable but means nothing, NaN included. Integers are dense. */
#define OCK_PAD 16

typedef struct ock_storage {
    void *handle; /* scalar: float *; OpenCL: cl_mem */
    size_t bytes;
    unsigned references;
    struct ock_storage *next, *previous; /* of the context's tensors */
    void *successor;                     /* the handle on the next device, until it is in use */
    bool lost; /* with a device, and neither written, filled nor copied to since */
    /* Of an application's buffer, else NULL: the buffer that it is or is a part of, and the
     * elements before that part. */
    const void *root;
    size_t start;
} ock_storage;

struct ock_tensor {
    ock_context *context;
    ock_storage *storage;
    ock_dtype dtype;
    size_t rows, cols;
    size_t stride; /* elements from one row to the next */
    size_t offset; /* elements before the first row */
};

/* ---- Noise ---- */

/* The factor of a noise's normal variable. */
static inline float ock_noise_deviation(const ock_noise *noise)
{
    if (noise->kind == OCK_GAUSSIAN_NOISE)
        return noise->stddev;
    return (float)sqrt((double)noise->rate / (1 - (double)noise->rate));
}

/* ---- Steps ---- */

/* An optimiser at one iteration, worked out once for both backends: `rate` is the learning
 * rate, for Adam times sqrt(1 - beta2^t)/(1 - beta1^t). */
typedef struct ock_update {
    ock_optimizer_kind kind;
    float rate, momentum;
    int nesterov;
    float beta1, beta2; /* beta2 is RMSprop's rho */
    float epsilon;
    float clip;          /* INFINITY: none */
    float ema;           /* the average's weight in its new value; 0 at the first step */
    float learning_rate; /* as it was given */
    float decay;         /* of kernels: w -= decay w */
    bool kernels_only;   /* decay no vectors */
} ock_update;

/* What an update does to one parameter beside the optimiser's formula. */
typedef struct ock_rule {
    float l1, l2;    /* of the penalty's gradient */
    float threshold; /* of the proximal l1 */
    float decay;
    float floor; /* -INFINITY: none */
} ock_rule;

static inline ock_rule ock_rule_of(const ock_update *update, const ock_parameter *parameter)
{
    const ock_penalty *penalty = &parameter->penalty;
    return (ock_rule){
        .l1 = penalty->proximal_l1 ? 0 : penalty->l1,
        .l2 = penalty->l2,
        .threshold = penalty->proximal_l1 ? update->learning_rate * penalty->l1 : 0,
        .decay = update->kernels_only && parameter->vector ? 0 : update->decay,
        .floor = parameter->constraint.kind == OCK_NON_NEGATIVE ? 0 : -INFINITY,
    };
}

/* Whether a step ends with a factor for each column, or for all of a vector, from its norm. */
static inline bool ock_has_norms(const ock_parameter *parameter)
{
    ock_constraint_kind kind = parameter->constraint.kind;
    return parameter->penalty.group_lasso > 0 || kind == OCK_MAX_NORM || kind == OCK_UNIT_NORM;
}

/* The fields of a totals tensor. Sums carry the compensation of Kahan's algorithm in *_LOW;
 * the last three are the bits of a uint32_t. */
enum {
    OCK_TOTAL_LOSS,
    OCK_TOTAL_LOSS_LOW,
    OCK_TOTAL_CORRECT,
    OCK_TOTAL_CORRECT_LOW,
    OCK_TOTAL_PENALTY,
    OCK_TOTAL_PENALTY_LOW,
    OCK_TOTAL_ROWS,
    OCK_TOTAL_BATCHES,
    OCK_TOTAL_FIRST_BAD,
};

/* ---- The vtable ---- */

/* X(name, (parameters)): an operation is one line here and NAME in the four files of the
 * mirror: cl/X.cl, lib/opencl/X.c, lib/scalar/X.c and tests/checkcl/X.c. The functions are
 * scalar_NAME and opencl_NAME, and each one is required. */
#define OCK_BACKEND_OPS(X)                                                                         \
    X(fill, (ock_backend * backend, float value, ock_tensor *y))                                   \
    X(copy, (ock_backend * backend, const ock_tensor *x, ock_tensor *y))                           \
    X(blend, (ock_backend * backend, float share, const ock_tensor *x, ock_tensor *y))             \
    X(matmul, (ock_backend * backend, const ock_matmul_options *options, const ock_tensor *a,      \
               const ock_tensor *b, ock_tensor *c))                                                \
    X(activation_forward,                                                                          \
      (ock_backend * backend, ock_activation activation, const ock_tensor *x, ock_tensor *y))      \
    X(activation_backward, (ock_backend * backend, ock_activation activation, const ock_tensor *x, \
                            const ock_tensor *y, const ock_tensor *dy, ock_tensor *dx))            \
    X(dropout,                                                                                     \
      (ock_backend * backend, const ock_dropout *dropout, const ock_tensor *x, ock_tensor *y))     \
    X(noise, (ock_backend * backend, const ock_noise *noise, const ock_tensor *x, ock_tensor *y))  \
    X(loss, (ock_backend * backend, const ock_loss_options *options, const ock_tensor *prediction, \
             const ock_tensor *target, ock_tensor *gradient, ock_tensor *totals))                  \
    X(batch_norm_forward, (ock_backend * backend, const ock_batch_norm *norm, const ock_tensor *x, \
                           ock_tensor *y, ock_tensor *saved))                                      \
    X(batch_norm_backward,                                                                         \
      (ock_backend * backend, const ock_batch_norm *norm, const ock_tensor *x,                     \
       const ock_tensor *saved, const ock_tensor *dy, ock_tensor *dx, ock_tensor *gradients))      \
    X(reduce, (ock_backend * backend, ock_reduction reduction, ock_axis axis, const ock_tensor *x, \
               ock_tensor *y))                                                                     \
    X(gather, (ock_backend * backend, const ock_tensor *source, const ock_tensor *indices,         \
               int64_t first, ock_tensor *y))                                                      \
    X(one_hot, (ock_backend * backend, const ock_tensor *labels, ock_tensor *y))                   \
    X(mix, (ock_backend * backend, const ock_tensor *share, const ock_tensor *x,                   \
            const ock_tensor *other, ock_tensor *y))                                               \
    X(transform, (ock_backend * backend, const ock_augmentation *augmentation, uint32_t epoch,     \
                  const ock_tensor *indices, ock_tensor *transforms))                              \
    X(warp, (ock_backend * backend, const ock_augmentation *augmentation, uint32_t epoch,          \
             const ock_tensor *indices, const ock_tensor *transforms, const ock_tensor *x,         \
             ock_tensor *y))                                                                       \
    X(tone, (ock_backend * backend, const ock_augmentation *augmentation,                          \
             const ock_tensor *transforms, ock_tensor *y))                                         \
    X(erase, (ock_backend * backend, const ock_augmentation *augmentation,                         \
              const ock_tensor *transforms, ock_tensor *y))                                        \
    X(standardize,                                                                                 \
      (ock_backend * backend, const ock_standardize *options, const ock_tensor *x, ock_tensor *y)) \
    X(step, (ock_backend * backend, const ock_update *update, const ock_parameter *parameter,      \
             const ock_tensor *gradient, size_t rows, ock_tensor *totals))                         \
    X(penalty,                                                                                     \
      (ock_backend * backend, const ock_parameter *parameter, size_t rows, ock_tensor *totals))    \
    X(penalty_gradient,                                                                            \
      (ock_backend * backend, float l1, float l2, const ock_tensor *w, ock_tensor *gradient))      \
    X(clip_norm, (ock_backend * backend, float norm, ock_tensor *const *gradients, size_t count))  \
    X(dense_forward,                                                                               \
      (ock_backend * backend, const ock_tensor *x, const ock_tensor *w, const ock_tensor *b,       \
       ock_activation activation, const ock_dropout *dropout, ock_tensor *y))                      \
    X(dense_backward_input, (ock_backend * backend, const ock_tensor *dy, const ock_tensor *w,     \
                             ock_activation activation, const ock_dropout *dropout,                \
                             const ock_tensor *y, ock_tensor *dx))                                 \
    X(dense_backward_weights,                                                                      \
      (ock_backend * backend, const ock_update *update, const ock_tensor *x, const ock_tensor *dy, \
       const ock_dense_parameters *parameters, ock_tensor *totals))                                \
    X(fma_chains, (ock_backend * backend, float a, float b, uint32_t times, ock_tensor *x))

typedef struct ock_backend_table {
    void (*close)(ock_backend *backend);
    ock_status (*finish)(ock_backend *backend);
    ock_status (*flush)(ock_backend *backend);
    ock_status (*allocate)(ock_backend *backend, size_t bytes, void **handle); /* of zeros */
    void (*release)(ock_backend *backend, void *handle);
    ock_status (*write)(ock_backend *backend, const void *data, ock_tensor *tensor);
    ock_status (*read)(ock_backend *backend, const ock_tensor *tensor, void *data); /* waits */
    /* Times the ways to compute C, leaves it as it is, and remembers the best; waits. NULL: there
     * is but one. */
    ock_status (*tune)(ock_backend *backend, const ock_matmul_options *options, const ock_tensor *a,
                       const ock_tensor *b, ock_tensor *c, ock_tuning *tuning);
#define OCK_BACKEND_ENTRY(name, parameters) ock_status(*name) parameters;
    OCK_BACKEND_OPS(OCK_BACKEND_ENTRY)
#undef OCK_BACKEND_ENTRY
} ock_backend_table;

/* The head of each backend's own record. */
struct ock_backend {
    const ock_backend_table *table;
    ock_log *log;     /* the context's */
    ock_cache *cache; /* the context's, or NULL */
    bool untuned;     /* measure nothing, and use nothing measured */
    ock_memory memory;
};

/* ---- Memory ---- */

/* For whoever allocates a buffer, and whoever releases it. */
static inline void ock_memory_add(ock_memory *memory, size_t bytes)
{
    memory->in_use += bytes;
    if (memory->peak < memory->in_use)
        memory->peak = memory->in_use;
}

static inline void ock_memory_subtract(ock_memory *memory, size_t bytes)
{
    memory->in_use -= bytes;
}

/* ---- Opening ---- */

/* An application's own objects (opencl.h), which only the OpenCL backend sees into. */
typedef struct ock_opencl_handles ock_opencl_handles;

/* Both take all but the table from *head. They leave *backend NULL on failure, with a message in
 * head->log. threads 0: OpenMP's own number. handles NULL: OpenCL gets objects of its own; the
 * application's are retained. */
ock_status scalar_open(int threads, const ock_backend *head, ock_backend **backend);
int scalar_default_threads(void);
const char *scalar_instructions(void); /* "x86-64-v4": for what the tiles were compiled */
ock_status opencl_open(const ock_device *device, const ock_opencl_handles *handles,
                       const ock_backend *head, ock_backend **backend);

/* The text of cl/, all files as one program. */
extern const char opencl_kernels[];

/* ---- Sharing ---- */

/* Checks that the application's objects fit together, and finds their device in a list, where it
 * gets a sub-device's limits; or leaves a message in log. */
ock_status opencl_find_shared(const ock_opencl_handles *handles, ock_device *devices, size_t count,
                              ock_log *log, const ock_device **device);

/* The public calls whose types are OpenCL's stand in lib/opencl/share.c; what they ask of core: */

/* ock_context_create(), but on these objects. */
ock_status ock_context_create_on(const ock_opencl_handles *handles,
                                 const ock_context_options *options, ock_context **context);
ock_backend *ock_context_backend(const ock_context *context);

/* An application's buffer, and where a tensor lies in it. */
typedef struct ock_loan {
    void *handle;
    size_t bytes;
    const void *root;      /* ock_storage's */
    size_t start;          /* likewise */
    size_t offset, stride; /* ock_tensor's */
} ock_loan;

/* Makes a tensor of what the application lends. On success the handle is the tensor's to release.
 */
ock_status ock_tensor_borrow(ock_context *context, const ock_loan *loan, ock_dtype dtype,
                             size_t rows, size_t cols, ock_tensor **tensor);

/* From one row to the next, in elements. */
size_t ock_row_stride(ock_dtype dtype, size_t cols);

/* ---- Drivers ---- */

/* What a probe found of a platform, or of a driver's file. */
typedef struct ock_driver {
    char name[256];
    char library[256];
    char reason[256]; /* empty: nothing against it */
} ock_driver;

enum {
    OCK_DRIVERS_MAX = 32
};

/* The platforms in the loader's order, which have no library here; or, since one of them would
 * bring the loader down, the files that it would load, which are to be loaded past it. Either way
 * followed by the files whose library cannot be loaded. */
typedef struct ock_drivers {
    bool past_loader;
    size_t count;
    ock_driver list[OCK_DRIVERS_MAX];
} ock_drivers;

/* Appends the platforms' devices to devices[0 .. *count), at most `capacity` in all, and
 * counts on beyond it. OCK_OK also where there is no driver: that is a row. Nothing is called of
 * the drivers that have a reason against them: each is a row. drivers NULL: there are none. */
ock_status opencl_list(const ock_drivers *drivers, ock_device *devices, size_t capacity,
                       size_t *count);

/* Shows the platforms from position `first` on, or the one of a library unless that is "": each
 * before its devices are listed, and then those that meet the floor. */
typedef struct ock_visitor {
    void (*platform)(const char *name);
    void (*device)(const ock_device *device);
} ock_visitor;

ock_status opencl_walk(const char *library, size_t first, const ock_visitor *visitor);

#endif
