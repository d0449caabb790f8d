/* Tensors of all kinds for the tests of what operations refuse: each says which argument it was,
 * and leaves every tensor as it was. B 4 rows, I 5 inputs, O 3 outputs. */
#ifndef UNIT_REFUSALS_H
#define UNIT_REFUSALS_H

#include "unit.h"

enum {
    B = 4,
    I = 5,
    O = 3,
    TENSORS = 23,
    LARGEST = 64
};

extern struct house {
    ock_context *context, *second;
    ock_tensor *x, *y, *x2, *w, *b;            /* B x I, B x O, B x I, I x O, 1 x O */
    ock_tensor *square, *square2;              /* B x B */
    ock_tensor *m, *v, *bm, *bv, *g;           /* moments; a gradient of I x O */
    ock_tensor *wide, *far, *labels, *indices; /* B x 64; B x I of another context; B x 1 */
    ock_tensor *totals, *totals2;              /* an epoch's */
    ock_tensor *pair, *pair2, *row, *row2;     /* 2 x O; 1 x O */
    ock_tensor *transforms;                    /* of B pictures */
    ock_tensor *all[TENSORS];
    uint32_t before[TENSORS][LARGEST * B];
    int count;
} h;

void open_house(void);
void close_house(void);

/* A call without any tensor has no context to leave a message with: says is "". */
void refused(ock_status expected, const char *says, const char *call, ock_status status);

#define INVALID(says, call) refused(OCK_INVALID_ARGUMENT, says, #call, call)
#define MISFIT(says, call) refused(OCK_SHAPE_MISMATCH, says, #call, call)

#endif
