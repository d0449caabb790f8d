"""Random affine maps of pictures: the draws as ops.h documents them, the pictures by Keras."""
import numpy as np
from keras.src.legacy.preprocessing import image

from common import Random, array, integers, number, record, table

MASK = 0xFFFFFFFF


def philox(counter, seed):
    c, k = list(counter), [seed & MASK, seed >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & MASK, a >> 32 ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


# Known answers of Random123.
assert philox([0] * 4, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], 0x299F31D0A4093822) == [
    0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]

# Keras applies the height's centre, shift and zoom along the width and the other way round
# (keras-team/keras#17398), which the library does not follow. The exchange of the sizes here
# and of shifts and zooms below puts that right; all else is Keras's.
centred = image.transform_matrix_offset_center
image.transform_matrix_offset_center = lambda matrix, height, width: centred(matrix, width, height)

PURPOSE_AUGMENT = 4


def transformed(picture, options, index, epoch, nudge=0.0):
    def draw(layer):
        words = philox([index, epoch, layer, PURPOSE_AUGMENT], options["seed"])
        return [2 * (w >> 8) * 2.0**-24 - 1 for w in words]

    spin, down, right, tall = draw(0)
    wide = draw(1)[0]
    height, width, _ = picture.shape
    right *= options["width_shift_range"] * width
    down *= options["height_shift_range"] * height
    return image.apply_affine_transform(
        picture, theta=spin * options["rotation_range"], tx=right + nudge * (right != 0),
        ty=down + nudge * (down != 0), zx=1 + wide * options["zoom_range"],
        zy=1 + tall * options["zoom_range"], row_axis=0, col_axis=1, channel_axis=2,
        fill_mode="constant", cval=options["cval"], order=1)


def chosen(picture, options, epoch, count=2):
    """The first indices none of whose pixels lies so near the edge that rounding decides on cval."""
    for index in range(1000):
        y = transformed(picture, options, index, epoch)
        near = [transformed(picture, options, index, epoch, n) for n in (-1e-4, 1e-4)]
        if np.max(np.abs(near - y)) < 1e-2:
            yield index, y
            count -= 1
            if count == 0:
                return


def ranges(rotation, width_shift, height_shift, zoom, cval):
    return dict(rotation_range=rotation, width_shift_range=width_shift,
                height_shift_range=height_shift, zoom_range=zoom, cval=cval)


RANGES = [ranges(15, 0.125, 0.125, 0.125, 0), ranges(180, 0.5, 0.25, 0.5, -0.5),
          ranges(0, 0.5, 0, 0, 2), ranges(0, 0, 0.25, 0, 2)]


def augmentation():
    random = Random(8)
    records = []
    for i, shape in enumerate([(8, 6, 1), (7, 7, 2)]):
        picture = random.uniform(*shape)
        array(f"augment_{i}_x", picture)
        for k, options in enumerate(RANGES):
            options, epoch = dict(options, seed=0x123456789ABCDEF0 + k), 3 + k
            indices, pictures = zip(*chosen(picture, options, epoch))
            array(f"augment_{i}_{k}_y", pictures)
            fields = {n: number(v) for n, v in options.items() if n != "seed"}
            fields.update(height=shape[0], width=shape[1], channels=shape[2],
                          seed=f"{options['seed']:#x}u")
            records.append(record(options=record(**fields), epoch=epoch, indices=integers(indices),
                                  x=f"augment_{i}_x", y=f"augment_{i}_{k}_y"))
    table("golden_augment", "augment_cases", records)


TOPICS = (augmentation,)
