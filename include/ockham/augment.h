/** @file
 * Augmentation of pictures (keras.legacy ImageDataGenerator, whose names these are), and
 * standardisation of rows: operations, of which holds what ops.h says of all. */
#ifndef OCKHAM_AUGMENT_H
#define OCKHAM_AUGMENT_H

#include <ockham/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is outside a picture (scipy.ndimage's modes of these names, as Keras uses them). */
typedef enum ock_fill_mode {
    OCK_FILL_NEAREST,  /**< aaaa|abcd|dddd */
    OCK_FILL_CONSTANT, /**< cval, right beyond the outermost pixels' centres */
    OCK_FILL_REFLECT,  /**< dcba|abcd|dcba */
    OCK_FILL_WRAP,     /**< bcd(a)|abcd|(d)abc: repeated every size - 1 pixels */
} ock_fill_mode;

/** Ranges of 0, and pairs of two, leave out what they are about. */
typedef struct ock_augmentation {
    uint32_t height;           /**< a row is height x width x channels */
    uint32_t width;            /**< pixels */
    uint32_t channels;         /**< the fastest index */
    float rotation_range;      /**< degrees, to either side; 0..180 */
    float width_shift_range;   /**< share of the width, along it; 0..1 */
    float height_shift_range;  /**< share of the height; 0..1 */
    float shear_range;         /**< degrees, to either side; 0..90 */
    float zoom_range[2];       /**< lower, upper, of each axis; 0 < lower <= upper <= 1000; below 1
                                * enlarges; Keras's single r is 1 - r, 1 + r */
    bool horizontal_flip;      /**< of every other picture */
    bool vertical_flip;        /**< likewise */
    float channel_shift_range; /**< added to all values, to either side; >= 0 */
    float brightness_range[2]; /**< lower, upper factor; 0 <= lower <= upper; 1, 3 or 4 channels */
    float white; /**< brightness: the largest value; 0: as in Keras, 255, in whole numbers */
    ock_fill_mode fill_mode; /**< what maps find outside a picture */
    float cval;              /**< OCK_FILL_CONSTANT's value */
    /** Elastic deformation (Simard, Steinkraus and Platt 2003). */
    float elastic_alpha; /**< pixels; 0..1e6 */
    float elastic_sigma; /**< pixels; with an alpha above 0, up to the larger of height and width */
    /** Random erasing (Zhong et al., 2020, with scales .02 and .4, ratios .3 and 3.33;
     * keras.layers.RandomErasing). */
    float erase_factor;   /**< the probability; 0..1 */
    float erase_scale[2]; /**< lower, upper share of the area; 0 < lower <= upper <= 1 */
    float erase_ratio[2]; /**< lower, upper height / width; > 0 */
    uint32_t cutout_size; /**< of a square (DeVries and Taylor 2017); up to the larger of height and
                           * width */
    float erase_value;    /**< what erasing and cutout leave */
    uint64_t seed;        /**< of all draws */
} ock_augmentation;

/** The numbers that are drawn for a picture, in Keras's units: a row of a transforms tensor. */
enum {
    OCK_ROTATION,        /**< theta, degrees */
    OCK_HEIGHT_SHIFT,    /**< pixels */
    OCK_WIDTH_SHIFT,     /**< pixels */
    OCK_SHEAR,           /**< degrees */
    OCK_HEIGHT_ZOOM,     /**< 1: none */
    OCK_WIDTH_ZOOM,      /**< 1: none */
    OCK_HORIZONTAL_FLIP, /**< 0 or 1 */
    OCK_VERTICAL_FLIP,   /**< 0 or 1 */
    OCK_CHANNEL_SHIFT,   /**< what is added */
    OCK_BRIGHTNESS,      /**< the factor */
    OCK_ERASE_TOP,       /**< of the rectangle: pixels; height 0: none */
    OCK_ERASE_LEFT,      /**< its column */
    OCK_ERASE_HEIGHT,    /**< its rows */
    OCK_ERASE_WIDTH,     /**< its columns */
    OCK_CUTOUT_ROW,      /**< the square's middle, which is its pixel size / 2 */
    OCK_CUTOUT_COL,      /**< the same along the width */
    OCK_TRANSFORM_SIZE   /**< how many numbers there are */
};

/** Draws transforms[i] (B x OCK_TRANSFORM_SIZE) for sample indices[i] (OCK_I32, B x 1) in this
 * epoch: Keras's get_random_transform(). Every device gives the same bits. With w the words of the
 * draw at counter (index, epoch, k, OCK_PURPOSE_AUGMENT), u = (w >> 8) 2^-24, ranges to either side
 * (2u - 1) range, pairs lower + u (upper - lower), flips u < 0.5 and places floor(w n 2^-32):
 * - k = 0: rotation, height shift, width shift, height zoom;
 * - k = 1: width zoom, shear, channel shift, brightness;
 * - k = 2: horizontal flip, vertical flip, whether to erase (u < erase_factor);
 * - k = 3: the cutout's row and column;
 * - k = 4..19: a rectangle to erase: area, ratio, top, left. The first that lies in the picture is
 *     taken; where none does, nothing is erased. Its sides are floor(sqrt(area ratio)) and
 *     floor(sqrt(area / ratio)) pixels, or 1. */
OCK_API ock_status ock_augment_draw(const ock_augmentation *augmentation, uint32_t epoch,
                                    const ock_tensor *indices, ock_tensor *transforms);

/** y[i] = x[i] (B x (height width channels)) under transforms[i]: Keras's apply_transform(), in its
 * order. One bilinear sampling for all maps: output pixel p shows the input at
 * c + R (S Z (p - c) + shift) + d, about the centre c = size/2 - 0.5, where in (x, y), that is
 * (column, row), R = (cos t, -sin t; sin t, cos t) is the rotation, S = (1, -sin s; 0, cos s) the
 * shear, Z the zoom, and d the elastic displacement. Then the channel shift, clipped to what the
 * picture's values span; the flips; the brightness; erasing; cutout. Unlike in Keras
 * (keras-team/keras#17398) the width's shift, zoom and centre go along the width.
 *
 * Brightness with a white above 0 is min(factor x, white). With 0 it is Keras's, through PIL:
 * values are cut to bytes, times the factor, at most 255, and cut again; pictures that are not
 * within 0..255 are first stretched to that, and back after it. Pictures in 0..1 come out black.
 *
 * d = elastic_alpha G: of the pixel's word w = word col % 4 of the draw at counter (row
 * ceil(width / 4) + col / 4, epoch, index, OCK_PURPOSE_ELASTIC), the low 16 bits give the
 * displacement down and the high 16 the one to the right, (half + 0.5) 2^-15 - 1. G smooths both by
 * a Gaussian of elastic_sigma, cut at floor(4 sigma + 0.5) pixels and of sum 1, with zeros outside
 * (scipy.ndimage.gaussian_filter, mode "constant"). */
OCK_API ock_status ock_augment_apply(const ock_augmentation *augmentation, uint32_t epoch,
                                     const ock_tensor *indices, const ock_tensor *transforms,
                                     const ock_tensor *x, ock_tensor *y);

/** Both, with memory for the transforms in between. */
OCK_API ock_status ock_augment(const ock_augmentation *augmentation, uint32_t epoch,
                               const ock_tensor *indices, const ock_tensor *x, ock_tensor *y);

/** Standardisation of rows (ImageDataGenerator.standardize()): x times rescale; less the row's
 * mean; over the row's standard deviation + 1e-6; less `mean`; over `deviation` + 1e-6. */
typedef struct ock_standardize {
    float rescale;                     /**< 0: none */
    bool samplewise_center;            /**< less the row's mean */
    bool samplewise_std_normalization; /**< over the row's deviation */
    const ock_tensor *mean;            /**< 1 x cols, or NULL: none */
    const ock_tensor *deviation;       /**< 1 x cols, or NULL: none */
} ock_standardize;

/** x and y are B x cols; in place allowed. */
OCK_API ock_status ock_standardize_apply(const ock_standardize *options, const ock_tensor *x,
                                         ock_tensor *y);

/** Whether ock_augment() takes these values for rows of `cols` columns: for code that would know
 * before it begins. Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH. */
OCK_API ock_status ock_augmentation_check(ock_context *context,
                                          const ock_augmentation *augmentation, size_t cols);

#ifdef __cplusplus
}
#endif
#endif
