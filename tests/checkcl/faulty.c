/* faulty KERNEL: a program that Oclgrind must object to, so that its silence elsewhere tells. */
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

static const char source[] =
    "kernel void beyond(global float *x) { x[get_global_id(0) + 1] = 1; }\n"
    "kernel void race(global float *x) { x[0] = get_global_id(0); }\n"
    "kernel void uninitialized(global float *x) { if (x[get_global_id(0)] > 0) x[0] = 1; }\n";

static void stop_on(cl_int error, const char *call)
{
    if (error != CL_SUCCESS) {
        printf("%s failed with %d\n", call, error);
        exit(EXIT_SUCCESS); /* which fails a test that must fail */
    }
}

int main(int argc, char **argv)
{
    const char *text = source;
    const size_t items = 16;
    cl_platform_id platform;
    cl_device_id device;
    cl_int error;
    stop_on(argc != 2, "main");
    stop_on(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
    stop_on(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
    stop_on(error, "clCreateContext");
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &error);
    stop_on(error, "clCreateCommandQueue");
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &error);
    stop_on(error, "clCreateProgramWithSource");
    stop_on(clBuildProgram(program, 1, &device, "", NULL, NULL), "clBuildProgram");
    cl_kernel kernel = clCreateKernel(program, argv[1], &error);
    stop_on(error, "clCreateKernel");
    cl_mem x = clCreateBuffer(context, CL_MEM_READ_WRITE, items * sizeof(float), NULL, &error);
    stop_on(error, "clCreateBuffer");
    stop_on(clSetKernelArg(kernel, 0, sizeof x, &x), "clSetKernelArg");
    stop_on(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL),
            "clEnqueueNDRangeKernel");
    stop_on(clFinish(queue), "clFinish");
    clReleaseMemObject(x);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
    return EXIT_SUCCESS;
}
