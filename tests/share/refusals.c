/* What an application may not share: objects that do not fit together, buffers that do not, places
 * in them that do not. */
#include "application.h"

/* ---- What is refused ---- */

static void expect_no_context(const ock_opencl_handles *handles, const char *device,
                              const char *words)
{
    char message[1024];
    ock_context *context = shared;
    const ock_context_options options = {
        .device = device, .message = message, .message_size = sizeof message};
    ck_assert_int_eq(ock_opencl_context_create(handles, &options, &context), OCK_INVALID_ARGUMENT);
    ck_assert_ptr_null(context);
    ck_assert_msg(strstr(message, words), "\"%s\" does not say \"%s\"", message, words);
}

START_TEST(objects_that_do_not_fit_are_refused)
{
    const ock_opencl_handles good = lender.handles;
    ock_opencl_handles bad = {.context = good.context, .device = good.device};
    expect_no_context(NULL, NULL, "NULL");
    expect_no_context(&bad, NULL, "NULL");
    bad = (ock_opencl_handles){.context = good.context, .queue = good.queue};
    expect_no_context(&bad, NULL, "NULL");
    bad = (ock_opencl_handles){.device = good.device, .queue = good.queue};
    expect_no_context(&bad, NULL, "NULL");
    expect_no_context(&good, "cpu", "options.device");
    ck_assert_int_eq(ock_opencl_context_create(&good, NULL, NULL), OCK_INVALID_ARGUMENT);
    bad = good;
    bad.context = clCreateContext(NULL, 1, &good.device, NULL, NULL, NULL);
    expect_no_context(&bad, NULL, "another context");
    clReleaseContext(bad.context);
    cl_int error;
    bad = good;
    bad.queue = clCreateCommandQueue(good.context, good.device,
                                     CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &error);
    if (bad.queue) { /* not every device has such */
        expect_no_context(&bad, NULL, "out of order");
        clReleaseCommandQueue(bad.queue);
    }
    bad = good;
    bad.device = (cl_device_id)&bad; /* is compared, and not called */
    expect_no_context(&bad, NULL, "another device");
}
END_TEST

static void expect_no_tensor(ock_opencl_buffer where, size_t rows, const char *words)
{
    ock_tensor *tensor = (ock_tensor *)&where;
    cl_uint before = where.memory ? references_of(&lender, where.memory) : 0;
    REFUSED(shared, OCK_INVALID_ARGUMENT, words,
            ock_opencl_tensor_create(shared, &where, OCK_F32, rows, WIDTH, &tensor));
    ck_assert_ptr_null(tensor);
    if (where.memory)
        ck_assert_uint_eq(references_of(&lender, where.memory), before);
}

START_TEST(places_that_do_not_fit_are_refused)
{
    ock_opencl_buffer good = floats(WIDTH, 0), bad;
    good.memory = make_buffer(&lender, 3 * good.stride);
    bad = good;
    bad.stride = WIDTH;
    expect_no_tensor(bad, 1, "stride");
    bad = good;
    bad.offset = 8;
    expect_no_tensor(bad, 1, "multiple of 16");
    expect_no_tensor(good, 4, "has 96 elements");
    bad.offset = 16; /* the last row's padding would lie beyond the end */
    expect_no_tensor(bad, 3, "has 96 elements");
    bad.offset = SIZE_MAX / 16 * 16;
    expect_no_tensor(bad, 1, "has 96 elements");
    expect_no_tensor(good, 0, "dimension");
    expect_no_tensor(good, INT32_MAX, "has 96 elements");
    ock_tensor *tensor = NULL;
    REFUSED(shared, OCK_INVALID_ARGUMENT, "dtype",
            ock_opencl_tensor_create(shared, &good, (ock_dtype)9, 1, WIDTH, &tensor));
    REFUSED(shared, OCK_INVALID_ARGUMENT, "NULL",
            ock_opencl_tensor_create(shared, NULL, OCK_F32, 1, WIDTH, &tensor));
    REFUSED(shared, OCK_INVALID_ARGUMENT, "NULL",
            ock_opencl_tensor_create(shared, &good, OCK_F32, 1, WIDTH, NULL));
    ck_assert_int_eq(ock_opencl_tensor_create(NULL, &good, OCK_F32, 1, WIDTH, &tensor),
                     OCK_INVALID_ARGUMENT);
    ck_assert_uint_eq(ock_opencl_stride(OCK_F32, 0), 0);
    ck_assert_uint_eq(ock_opencl_stride(OCK_F32, (size_t)INT32_MAX + 1), 0);
    CL_OK(clReleaseMemObject(good.memory));
}
END_TEST

START_TEST(buffers_that_do_not_fit_are_refused)
{
    _Alignas(128) static float memory[2 * 1024];
    ock_opencl_buffer where = floats(WIDTH, 0);
    const size_t bytes = where.stride * sizeof(float);
    const cl_context own = lender.handles.context;
    expect_no_tensor(where, 1, "NULL");
    where.memory = clCreateBuffer(own, CL_MEM_READ_ONLY, bytes, NULL, NULL);
    expect_no_tensor(where, 1, "CL_MEM_READ_WRITE");
    CL_OK(clReleaseMemObject(where.memory));
    where.memory = clCreateBuffer(own, CL_MEM_USE_HOST_PTR, bytes, memory + 1, NULL);
    expect_no_tensor(where, 1, "64 bytes");
    CL_OK(clReleaseMemObject(where.memory));
    cl_context other = clCreateContext(NULL, 1, &lender.handles.device, NULL, NULL, NULL);
    where.memory = clCreateBuffer(other, CL_MEM_READ_WRITE, bytes, NULL, NULL);
    expect_no_tensor(where, 1, "another cl_context");
    CL_OK(clReleaseMemObject(where.memory));
    CL_OK(clReleaseContext(other));
    const cl_image_format format = {CL_RGBA, CL_FLOAT};
    const cl_image_desc shape = {
        .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16, .image_height = 16};
    where.memory = clCreateImage(own, CL_MEM_READ_WRITE, &format, &shape, NULL, NULL);
    if (where.memory) {
        expect_no_tensor(where, 1, "image");
        CL_OK(clReleaseMemObject(where.memory));
    }
}
END_TEST

START_TEST(memory_of_the_applications_is_used_in_place)
{
    _Alignas(128) static float memory[64];
    ock_opencl_buffer where = floats(WIDTH, 0);
    float got[WIDTH];
    where.memory =
        clCreateBuffer(lender.handles.context, CL_MEM_USE_HOST_PTR, sizeof memory, memory, NULL);
    ock_tensor *tensor = NULL;
    OK(shared, ock_opencl_tensor_create(shared, &where, OCK_F32, 1, WIDTH, &tensor));
    OK(shared, ock_tensor_fill(tensor, 5));
    application_read(&lender, &where, got, 1, WIDTH);
    ck_assert_float_eq(got[WIDTH - 1], 5);
    ock_tensor_destroy(tensor);
    CL_OK(clReleaseMemObject(where.memory));
}
END_TEST

START_TEST(plain_c_has_nothing_to_share)
{
    ock_context *plain = open_device("scalar", 0);
    ock_opencl_handles handles = lender.handles;
    ock_opencl_buffer where = floats(WIDTH, 0);
    ock_tensor *tensor = NULL;
    where.memory = make_buffer(&lender, where.stride);
    REFUSED(plain, OCK_UNSUPPORTED, "scalar",
            ock_opencl_tensor_create(plain, &where, OCK_F32, 1, WIDTH, &tensor));
    CL_OK(clReleaseMemObject(where.memory));
    ck_assert_int_eq(ock_opencl_context_handles(plain, &handles), OCK_UNSUPPORTED);
    ck_assert(!handles.context && !handles.device && !handles.queue);
    OK(plain, ock_tensor_create(plain, OCK_F32, 1, WIDTH, &tensor));
    ck_assert_int_eq(ock_opencl_tensor_buffer(tensor, &where), OCK_UNSUPPORTED);
    ck_assert_ptr_null(where.memory);
    ck_assert_int_eq(ock_opencl_tensor_buffer(NULL, &where), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_opencl_tensor_buffer(tensor, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_opencl_context_handles(NULL, &handles), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_opencl_context_handles(plain, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_uint_eq(ock_opencl_stride(OCK_F32, 0), 0);
    ck_assert_uint_eq(ock_opencl_stride(OCK_I32, 3), 3);
    ock_tensor_destroy(tensor);
    ock_context_destroy(plain);
}
END_TEST

void add_refusals(TCase *cases)
{
    tcase_add_test(cases, objects_that_do_not_fit_are_refused);
    tcase_add_test(cases, places_that_do_not_fit_are_refused);
    tcase_add_test(cases, buffers_that_do_not_fit_are_refused);
    tcase_add_test(cases, memory_of_the_applications_is_used_in_place);
    tcase_add_test(cases, plain_c_has_nothing_to_share);
}
