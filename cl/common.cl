/* What every kernel shares: vectors of OCK_V columns (4, 8 or 16), whole-vector loads and stores,
 * masks of the columns that exist, and the codes of ops.h. */
#ifndef OCK_COMMON_CL
#define OCK_COMMON_CL

#ifndef OCK_V
#define OCK_V 4
#endif

#pragma OPENCL FP_CONTRACT OFF

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

typedef JOIN(float, OCK_V) realV;
typedef JOIN(int, OCK_V) intV;
typedef JOIN(uint, OCK_V) uintV;

/* V elements of a tensor's row, at a column that is a multiple of V: rows begin on boundaries of 16
 * elements and are padded to them, so these are aligned and stay in bounds. What lies beyond a
 * tensor's columns may be anything, NaN included. */
#define loadV(pointer) (*(global const realV *)(pointer))
#define storeV(value, pointer) (*(global realV *)(pointer) = (value))

#if OCK_V == 16
#define LANES ((intV)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif OCK_V == 8
#define LANES ((intV)(0, 1, 2, 3, 4, 5, 6, 7))
#else
#define LANES ((intV)(0, 1, 2, 3))
#endif

/* A kernel's parameters for one tensor (opencl_arg_tensor), and a pointer to its (row, col). */
#define TENSOR(type, x) global type *x, ulong x##_offset, uint x##_stride
#define AT(x, row, col) ((x) + x##_offset + (ulong)(row) * x##_stride + (col))

/* -1 in the lanes of columns col, col + 1, ... that are below cols, else 0: for select(). */
static intV lanes_below(uint col, uint cols)
{
    return LANES < (intV)((int)(cols - min(col, cols)));
}

/* The larger of each pair, NaN where either is; for vectors and scalars. */
#define LARGER(a, b) select(b, a, (a) >= (b) || isnan(a))
#define PLUS(a, b) ((a) + (b))

/* Half of a vector, as T; by its address, since memory checkers lose track of x.lo and x.hi. */
#define LOW(T, x) ((T *)&(x))[0]
#define HIGH(T, x) ((T *)&(x))[1]
#define FOLD(F, T, x) F(LOW(T, x), HIGH(T, x))

/* float name(realV x): all lanes joined by F, as a balanced tree. */
#if OCK_V == 16
#define TO_FOUR(F, x) float8 eight = FOLD(F, float8, x); float4 four = FOLD(F, float4, eight)
#elif OCK_V == 8
#define TO_FOUR(F, x) float4 four = FOLD(F, float4, x)
#else
#define TO_FOUR(F, x) float4 four = x
#endif
#define FOLD_LANES(name, F)                                                                        \
    static float name(realV x)                                                                     \
    {                                                                                              \
        TO_FOUR(F, x);                                                                             \
        float2 two = FOLD(F, float2, four);                                                        \
        return F(two.x, two.y);                                                                    \
    }

FOLD_LANES(sum_lanes, PLUS)
FOLD_LANES(largest_lane, LARGER)

/* Adds value to the sum s.x, whose compensation is s.y (Kahan). */
static float2 kahan(float2 s, float value)
{
    float y = value - s.y, sum = s.x + y;
    return (float2)(sum, (sum - s.x) - y);
}

/* The same in a totals tensor, whose sums stand before their compensation. */
static void total_add(global float *total, float value)
{
    vstore2(kahan(vload2(0, total), value), 0, total);
}

/* ock_activation, ock_optimizer_kind, ock_constraint_kind; a totals tensor's fields (backend.h). */
enum { LINEAR, RELU, LEAKY_RELU, ELU, GELU, SIGMOID, TANH };
enum { SGD, ADAM, RMSPROP };
enum { UNCONSTRAINED, MAX_NORM, NON_NEGATIVE, UNIT_NORM };
enum {
    TOTAL_LOSS,
    TOTAL_LOSS_LOW,
    TOTAL_CORRECT,
    TOTAL_CORRECT_LOW,
    TOTAL_PENALTY,
    TOTAL_PENALTY_LOW,
    TOTAL_ROWS,
    TOTAL_BATCHES,
    TOTAL_FIRST_BAD
};

#endif
