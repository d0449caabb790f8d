/* What --augment says. */
#ifndef OCKHAM_TRAIN_AUGMENTATION_H
#define OCKHAM_TRAIN_AUGMENTATION_H

#include <ockham/augment.h>

/* What is right, for messages and help. */
#define AUGMENTATION_RIGHT                                                                         \
    "small, or NAME=VALUE separated by commas: rotation=0..180, shift=0..1, width-shift=0..1, "    \
    "height-shift=0..1, shear=0..90, zoom=0.001..0.999 or LOW:HIGH, flip=horizontal, vertical or " \
    "both, channel-shift=0..1, brightness=LOW:HIGH, fill=nearest, constant, reflect or wrap, "     \
    "cval=X, elastic=ALPHA:SIGMA, erase=P or P:LOW:HIGH of the area, cutout=PIXELS, value=X"
#define AUGMENTATION_HELP                                                                          \
    "A SPEC is small (rotation=10,shift=.1,zoom=.1), or some of\n"                                 \
    "  rotation=DEGREES  shift=SHARE  width-shift=SHARE  height-shift=SHARE\n"                     \
    "  shear=DEGREES  zoom=SHARE or LOW:HIGH  flip=horizontal, vertical or both\n"                 \
    "  channel-shift=X  brightness=LOW:HIGH  elastic=ALPHA:SIGMA  cutout=PIXELS\n"                 \
    "  erase=PROBABILITY[:LOW:HIGH of the area]  value=X, what erasing leaves\n"                   \
    "  fill=nearest, constant, reflect or wrap  cval=X  [constant, 0]\n"

/* Small rotations, shifts and zoom on empty paper, of grey pictures in 0..1 whose size is still
 * missing. */
ock_augmentation augmentation_small(void);

/* Reads a SPEC; false where it is not right. */
bool augmentation_read(const char *text, ock_augmentation *augmentation);

#endif
