/* The library on an application's own context, queue and buffers: what is computed there, what is
 * kept of them, and what is refused. On any OpenCL device; where there is none, exits 77. */
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "application.h"

enum {
    FEATURES = 20,
    CLASSES = 5,
    BATCH = 33,
    STEPS = 6,
    ROWS = BATCH * STEPS,
    OFFSET = 48, /* of floats, in an application's buffer */
    ODD = 7      /* of integers */
};

static const spec layers[] = {
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l1 = 1e-4f, .l2 = 1e-3f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = CLASSES, .activation = OCK_SOFTMAX},
    {0}};

/* Opened once: OpenCL survives no fork, and one process runs all tests. */
application lender;
ock_context *shared;
static samples data;

static void set_up(void)
{
    data = samples_create(ROWS, FEATURES, CLASSES);
    shared = application_share(&lender);
}

static void tear_down(void)
{
    ock_context_destroy(shared);
    samples_free(&data);
}

static size_t bytes_of(const ock_opencl_buffer *where, size_t rows)
{
    return (where->offset + rows * where->stride) * sizeof(float);
}

/* ---- Training ---- */

typedef struct batches {
    ock_tensor *x, *y;
} batches;

static batches lend(void)
{
    batches all = {0};
    ock_opencl_buffer x = floats(FEATURES, OFFSET), y = {.offset = ODD, .stride = 1};
    application_write(&lender, data.x, ROWS, FEATURES, bytes_of(&x, ROWS), &x);
    const void *labels = data.labels;
    application_write(&lender, labels, ROWS, 1, bytes_of(&y, ROWS), &y);
    OK(shared, ock_opencl_tensor_create(shared, &x, OCK_F32, ROWS, FEATURES, &all.x));
    OK(shared, ock_opencl_tensor_create(shared, &y, OCK_I32, ROWS, 1, &all.y));
    CL_OK(clReleaseMemObject(x.memory)); /* the tensors keep them */
    CL_OK(clReleaseMemObject(y.memory));
    return all;
}

static batches copy_to(ock_context *context)
{
    batches all = {0};
    OK(context, ock_tensor_create(context, OCK_F32, ROWS, FEATURES, &all.x));
    OK(context, ock_tensor_create(context, OCK_I32, ROWS, 1, &all.y));
    OK(context, ock_tensor_write(all.x, data.x));
    OK(context, ock_tensor_write(all.y, data.labels));
    return all;
}

static void destroy(batches all)
{
    ock_tensor_destroy(all.x);
    ock_tensor_destroy(all.y);
}

static ock_model *train(ock_context *context, batches all)
{
    ock_model *net = build(context, FEATURES, layers);
    for (size_t i = 0; i < STEPS; i++) {
        ock_tensor *x = NULL, *y = NULL;
        OK(context, ock_tensor_view(all.x, i * BATCH, BATCH, &x));
        OK(context, ock_tensor_view(all.y, i * BATCH, BATCH, &y));
        OK(context, ock_model_train_step(net, NULL, x, y, NULL));
        ock_tensor_destroy(x);
        ock_tensor_destroy(y);
    }
    return net;
}

static void expect_near(const float *got, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_close((double)got[i], (double)expected[i], 1e-4);
}

START_TEST(training_on_lent_buffers_has_the_bits_of_the_librarys_own)
{
    batches lent = lend();
    ock_model *net = train(shared, lent);
    ock_context_options options = {.device = ock_context_device(shared)->id, .untuned = true};
    ock_context *own = NULL;
    ck_assert(!ock_context_create(&options, &own));
    batches copies = copy_to(own);
    ock_model *other = train(own, copies);
    expect_same_weights(net, other);
    ock_model_destroy(other);
    destroy(copies);
    ock_context_destroy(own);
    ock_model_destroy(net);
    destroy(lent);
}
END_TEST

/* Predictions go into a buffer of the application's, where its own kernel finds them without a
 * wait; half its twice as large result must be what plain C predicts. */
static void expect_predictions(ock_model *net, ock_tensor *x, const float *expected)
{
    static float twice[ROWS * CLASSES], got[ROWS * CLASSES];
    const cl_uint cols = CLASSES;
    const size_t global[] = {CLASSES, ROWS};
    ock_opencl_buffer y = floats(CLASSES, OFFSET);
    cl_mem to = clCreateBuffer(lender.handles.context, CL_MEM_READ_WRITE, sizeof twice, NULL, NULL);
    ock_tensor *prediction = NULL;
    application_write(&lender, twice, ROWS, CLASSES, bytes_of(&y, ROWS), &y);
    OK(shared, ock_opencl_tensor_create(shared, &y, OCK_F32, ROWS, CLASSES, &prediction));
    OK(shared, ock_model_predict(net, x, prediction));
    const cl_ulong first = y.offset, stride = y.stride;
    CL_OK(clSetKernelArg(lender.twice, 0, sizeof y.memory, &y.memory));
    CL_OK(clSetKernelArg(lender.twice, 1, sizeof first, &first));
    CL_OK(clSetKernelArg(lender.twice, 2, sizeof stride, &stride));
    CL_OK(clSetKernelArg(lender.twice, 3, sizeof cols, &cols));
    CL_OK(clSetKernelArg(lender.twice, 4, sizeof to, &to));
    CL_OK(clEnqueueNDRangeKernel(lender.handles.queue, lender.twice, 2, NULL, global, NULL, 0, NULL,
                                 NULL));
    CL_OK(clEnqueueReadBuffer(lender.handles.queue, to, CL_TRUE, 0, sizeof twice, twice, 0, NULL,
                              NULL));
    application_read(&lender, &y, got, ROWS, CLASSES);
    expect_near(got, expected, ROWS * CLASSES);
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        ck_assert_float_eq(twice[i], 2 * got[i]);
    ock_tensor_destroy(prediction);
    CL_OK(clReleaseMemObject(y.memory));
    CL_OK(clReleaseMemObject(to));
}

START_TEST(the_application_reads_what_plain_c_computes)
{
    static float expected[ROWS * CLASSES];
    ock_context *plain = open_device("scalar", 0);
    batches lent = lend(), copies = copy_to(plain);
    ock_model *net = train(shared, lent), *other = train(plain, copies);
    ock_tensor *prediction = NULL;
    OK(plain, ock_tensor_create(plain, OCK_F32, ROWS, CLASSES, &prediction));
    OK(plain, ock_model_predict(other, copies.x, prediction));
    OK(plain, ock_tensor_read(prediction, expected));
    expect_predictions(net, lent.x, expected);
    ock_tensor_destroy(prediction);
    ock_model_destroy(other);
    ock_model_destroy(net);
    destroy(copies);
    destroy(lent);
    ock_context_destroy(plain);
}
END_TEST

START_TEST(weights_can_be_read_where_they_lie)
{
    static float read[FEATURES * WIDTH], expected[FEATURES * WIDTH];
    ock_model *net = build(shared, FEATURES, layers);
    ock_model_tensor kernel;
    ock_opencl_buffer where;
    OK(shared, ock_model_initialize(net, 7));
    OK(shared, ock_model_tensor_at(net, 0, &kernel));
    OK(shared, ock_opencl_tensor_buffer(kernel.tensor, &where));
    ck_assert_uint_eq(where.stride, ock_opencl_stride(OCK_F32, WIDTH));
    application_read(&lender, &where, read, FEATURES, WIDTH);
    OK(shared, ock_tensor_read(kernel.tensor, expected));
    ck_assert_mem_eq(read, expected, sizeof read);
    ock_model_destroy(net);
}
END_TEST

/* ---- Both ways ---- */

/* The library's own buffer comes back as a second tensor of the same elements. */
START_TEST(a_librarys_buffer_can_be_lent_back)
{
    float values[2 * WIDTH], got[2 * WIDTH];
    ock_context *own = NULL;
    ock_context_options options = {.device = ock_context_device(shared)->id, .untuned = true};
    ock_tensor *tensor = NULL, *again = NULL;
    ock_opencl_handles handles;
    ock_opencl_buffer where;
    for (size_t i = 0; i < 2 * WIDTH; i++)
        values[i] = (float)i;
    ck_assert(!ock_context_create(&options, &own));
    OK(own, ock_opencl_context_handles(own, &handles));
    ck_assert(handles.context && handles.queue && handles.device == lender.handles.device);
    OK(own, ock_tensor_create(own, OCK_F32, 2, WIDTH, &tensor));
    OK(own, ock_opencl_tensor_buffer(tensor, &where));
    OK(own, ock_opencl_tensor_create(own, &where, OCK_F32, 2, WIDTH, &again));
    ck_assert(ock_tensors_overlap(tensor, again));
    OK(own, ock_tensor_write(again, values));
    OK(own, ock_tensor_read(tensor, got));
    ck_assert_mem_eq(got, values, sizeof got);
    ock_tensor_destroy(tensor);
    OK(own, ock_tensor_read(again, got));
    ck_assert_mem_eq(got, values, sizeof got);
    ock_tensor_destroy(again);
    ock_context_destroy(own);
}
END_TEST

START_TEST(handles_are_those_that_were_given)
{
    ock_opencl_handles handles;
    OK(shared, ock_opencl_context_handles(shared, &handles));
    ck_assert_ptr_eq(handles.context, lender.handles.context);
    ck_assert_ptr_eq(handles.device, lender.handles.device);
    ck_assert_ptr_eq(handles.queue, lender.handles.queue);
    ck_assert_ptr_nonnull(strstr(ock_context_message(shared), "the application's own"));
}
END_TEST

/* ---- Parts of a buffer ---- */

static ock_tensor *lend_part(cl_mem buffer, size_t offset, size_t rows)
{
    ock_opencl_buffer where = floats(WIDTH, offset);
    ock_tensor *tensor = NULL;
    where.memory = buffer;
    OK(shared, ock_opencl_tensor_create(shared, &where, OCK_F32, rows, WIDTH, &tensor));
    return tensor;
}

START_TEST(tensors_in_one_buffer_overlap_where_their_elements_do)
{
    const size_t row = ock_opencl_stride(OCK_F32, WIDTH);
    cl_mem buffer = make_buffer(&lender, 8 * row);
    ock_tensor *upper = lend_part(buffer, 0, 4), *lower = lend_part(buffer, 4 * row, 4);
    ock_tensor *middle = lend_part(buffer, 2 * row, 4);
    ck_assert(!ock_tensors_overlap(upper, lower));
    ck_assert(ock_tensors_overlap(upper, middle) && ock_tensors_overlap(middle, lower));
    OK(shared, ock_tensor_fill(upper, 3));
    OK(shared, ock_tensor_copy(upper, lower));
    REFUSED(shared, OCK_INVALID_ARGUMENT, "overlap", ock_tensor_copy(upper, middle));
    ock_tensor_destroy(upper);
    ock_tensor_destroy(lower);
    ock_tensor_destroy(middle);
    CL_OK(clReleaseMemObject(buffer));
}
END_TEST

START_TEST(sub_buffers_are_lent_and_overlap_what_they_are_part_of)
{
    cl_uint bits = 0;
    CL_OK(clGetDeviceInfo(lender.handles.device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof bits, &bits,
                          NULL));
    const size_t begin = bits / 8 / sizeof(float) * 2, row = ock_opencl_stride(OCK_F32, WIDTH);
    cl_mem buffer = make_buffer(&lender, begin + 2 * row);
    const cl_buffer_region region = {begin * sizeof(float), 2 * row * sizeof(float)};
    cl_mem part = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
    float first[WIDTH], got[2 * WIDTH];
    for (size_t i = 0; i < WIDTH; i++)
        first[i] = (float)i;
    ock_tensor *whole = lend_part(buffer, begin, 1), *sub = lend_part(part, 0, 2);
    ock_tensor *before = begin < row ? NULL : lend_part(buffer, 0, begin / row);
    ck_assert(ock_tensors_overlap(whole, sub) && !ock_tensors_overlap(before, sub));
    OK(shared, ock_tensor_fill(sub, 1));
    OK(shared, ock_tensor_write(whole, first));
    OK(shared, ock_tensor_read(sub, got));
    ck_assert_mem_eq(got, first, sizeof first);
    ck_assert_float_eq(got[WIDTH], 1);
    ock_tensor_destroy(before);
    ock_tensor_destroy(whole);
    ock_tensor_destroy(sub);
    CL_OK(clReleaseMemObject(part));
    CL_OK(clReleaseMemObject(buffer));
}
END_TEST

START_TEST(a_lent_buffer_is_not_exchanged_nor_counted)
{
    ock_memory before, after;
    OK(shared, ock_context_memory(shared, &before));
    cl_mem buffer = make_buffer(&lender, 2 * ock_opencl_stride(OCK_F32, WIDTH));
    ock_tensor *lent = lend_part(buffer, 0, 2), *own = NULL;
    OK(shared, ock_context_memory(shared, &after));
    ck_assert_uint_eq(after.in_use, before.in_use);
    OK(shared, ock_tensor_create(shared, OCK_F32, 2, WIDTH, &own));
    REFUSED(shared, OCK_INVALID_ARGUMENT, "application's", ock_tensor_swap(lent, own));
    REFUSED(shared, OCK_INVALID_ARGUMENT, "application's", ock_tensor_swap(own, lent));
    ock_tensor_destroy(own);
    ock_tensor_destroy(lent);
    OK(shared, ock_context_memory(shared, &after));
    ck_assert_uint_eq(after.in_use, before.in_use);
    CL_OK(clReleaseMemObject(buffer));
}
END_TEST

/* ---- References ---- */

static void expect_same_references(references before)
{
    const references now = references_to(&lender);
    ck_assert_uint_eq(now.context, before.context);
    ck_assert_uint_eq(now.queue, before.queue);
}

START_TEST(nothing_is_kept)
{
    const float row[WIDTH] = {0};
    const references before = references_to(&lender);
    ock_context *other = application_share(&lender);
    const references with = references_to(&lender);
    ck_assert(with.context > before.context && with.queue > before.queue);
    ock_opencl_buffer where = floats(WIDTH, 0);
    ock_tensor *tensor = NULL, *view = NULL;
    where.memory = make_buffer(&lender, 2 * where.stride);
    const cl_uint alone = references_of(&lender, where.memory);
    OK(other, ock_opencl_tensor_create(other, &where, OCK_F32, 2, WIDTH, &tensor));
    OK(other, ock_tensor_view(tensor, 1, 1, &view));
    OK(other, ock_tensor_write(view, row)); /* no kernel: rusticl's count what they were given */
    ock_tensor_destroy(tensor);
    ck_assert_uint_gt(references_of(&lender, where.memory), alone);
    ock_tensor_destroy(view);
    OK(other, ock_context_finish(other));
    ck_assert_uint_eq(references_of(&lender, where.memory), alone);
    CL_OK(clReleaseMemObject(where.memory));
    ock_context_destroy(other);
    expect_same_references(before);
}
END_TEST

START_TEST(a_context_that_fails_keeps_nothing)
{
    char message[1024];
    const ock_context_options options = {.message = message, .message_size = sizeof message};
    const references before = references_to(&lender);
    ock_context *made = shared;
    setenv("OCKHAM_TILES", "roof", 1);
    ck_assert_int_eq(ock_opencl_context_create(&lender.handles, &options, &made),
                     OCK_INVALID_ARGUMENT);
    unsetenv("OCKHAM_TILES");
    ck_assert_ptr_null(made);
    ck_assert_ptr_nonnull(strstr(message, "roof"));
    expect_same_references(before);
}
END_TEST

/* ---- After a device's failure ---- */

START_TEST(a_failover_gives_all_back)
{
    const float lent[2 * WIDTH] = {1, 2, 3}, zeros[2 * WIDTH] = {0};
    float got[2 * WIDTH];
    const references before = references_to(&lender);
    ock_context *other = application_share(&lender);
    ock_opencl_buffer where = floats(WIDTH, OFFSET), now;
    ock_tensor *tensor = NULL;
    application_write(&lender, lent, 2, WIDTH, bytes_of(&where, 2), &where);
    (void)references_to(&lender); /* waits till rusticl has let go of what the write used */
    const cl_uint alone = references_of(&lender, where.memory);
    OK(other, ock_opencl_tensor_create(other, &where, OCK_F32, 2, WIDTH, &tensor));
    ock_context_report(other, OCK_DEVICE_FAILED, "the bus fell off");
    OK(other, ock_context_failover(other));
    ck_assert(ock_tensor_is_lost(tensor));
    OK(other, ock_tensor_read(tensor, got));
    ck_assert_mem_eq(got, zeros, sizeof got);
    ock_status status = ock_opencl_tensor_buffer(tensor, &now);
    ck_assert(status == OCK_UNSUPPORTED || (!status && now.memory != where.memory));
    ck_assert_uint_eq(references_of(&lender, where.memory), alone);
    application_read(&lender, &where, got, 2, WIDTH);
    ck_assert_mem_eq(got, lent, sizeof got);
    CL_OK(clReleaseMemObject(where.memory));
    expect_same_references(before);
    ock_memory with, without;
    OK(other, ock_context_memory(other, &with));
    ock_tensor_destroy(tensor);
    OK(other, ock_context_memory(other, &without));
    ck_assert_uint_eq(with.in_use - without.in_use, bytes_of(&where, 2));
    ock_context_destroy(other);
}
END_TEST

/* ---- Sub-devices ---- */

START_TEST(a_part_of_a_device_is_a_device)
{
    const cl_device_partition_property halves[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1,
                                                   CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_device_id part = NULL;
    application other = {0};
    cl_uint parts = 0;
    CL_OK(clGetDeviceInfo(lender.handles.device, CL_DEVICE_PARTITION_MAX_SUB_DEVICES, sizeof parts,
                          &parts, NULL));
    if (parts < 2) /* rusticl has not even the call */
        return;
    CL_OK(clCreateSubDevices(lender.handles.device, halves, 1, &part, NULL));
    other.handles.device = part;
    other.handles.context = clCreateContext(NULL, 1, &part, NULL, NULL, NULL);
    other.handles.queue = clCreateCommandQueue(other.handles.context, part, 0, NULL);
    ock_context *context = application_share(&other);
    ck_assert_str_eq(ock_context_device(context)->id, ock_context_device(shared)->id);
    ck_assert_uint_eq(ock_context_device(context)->compute_units, 1);
    ock_context_destroy(context);
    clReleaseCommandQueue(other.handles.queue);
    clReleaseContext(other.handles.context);
    clReleaseDevice(part);
}
END_TEST

static void add_tests(TCase *cases)
{
    tcase_add_test(cases, training_on_lent_buffers_has_the_bits_of_the_librarys_own);
    tcase_add_test(cases, the_application_reads_what_plain_c_computes);
    tcase_add_test(cases, weights_can_be_read_where_they_lie);
    tcase_add_test(cases, a_librarys_buffer_can_be_lent_back);
    tcase_add_test(cases, handles_are_those_that_were_given);
    tcase_add_test(cases, tensors_in_one_buffer_overlap_where_their_elements_do);
    tcase_add_test(cases, sub_buffers_are_lent_and_overlap_what_they_are_part_of);
    tcase_add_test(cases, a_lent_buffer_is_not_exchanged_nor_counted);
    tcase_add_test(cases, nothing_is_kept);
    tcase_add_test(cases, a_context_that_fails_keeps_nothing);
    tcase_add_test(cases, a_failover_gives_all_back);
    tcase_add_test(cases, a_part_of_a_device_is_a_device);
}

int main(void)
{
    if (!application_open(&lender))
        return absent("no OpenCL device that the library takes");
    Suite *suite = suite_create("share");
    TCase *cases = tcase_create("share");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    add_tests(cases);
    add_refusals(cases);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    application_close(&lender);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
