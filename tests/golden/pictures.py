"""Augmentation: draws as ops.h documents them, pictures by Keras's ImageDataGenerator, elastic
deformation by scipy.ndimage."""
import numpy as np
import scipy.ndimage
from keras.src.legacy.preprocessing import image

from common import Random, array, f32, integers, number, record, table

MASK = 0xFFFFFFFF
PURPOSE_AUGMENT, PURPOSE_ELASTIC = 4, 7


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

FIELDS = ("rotation", "height_shift", "width_shift", "shear", "height_zoom", "width_zoom",
          "horizontal_flip", "vertical_flip", "channel_shift", "brightness", "erase_top",
          "erase_left", "erase_height", "erase_width", "cutout_row", "cutout_col")
STILL = dict(dict.fromkeys(FIELDS, 0), height_zoom=1, width_zoom=1, brightness=1)
MODES = "nearest", "constant", "reflect", "wrap"


# ---- Draws ----


def drawn(options, index, epoch):
    def draw(layer):
        return philox([index, epoch, layer, PURPOSE_AUGMENT], options["seed"])

    def share(word):
        return (word >> 8) * 2.0**-24

    def either(word, name):
        return (2 * share(word) - 1) * options[name]

    def between(word, name):
        low, high = options[name]
        return low + share(word) * (high - low)

    height, width, words = options["height"], options["width"], [draw(k) for k in range(4)]
    t = dict(STILL, rotation=either(words[0][0], "rotation_range"),
             height_shift=either(words[0][1], "height_shift_range") * height,
             width_shift=either(words[0][2], "width_shift_range") * width,
             height_zoom=between(words[0][3], "zoom_range"),
             width_zoom=between(words[1][0], "zoom_range"),
             shear=either(words[1][1], "shear_range"),
             channel_shift=either(words[1][2], "channel_shift_range"),
             brightness=between(words[1][3], "brightness_range"),
             horizontal_flip=share(words[2][0]) < 0.5, vertical_flip=share(words[2][1]) < 0.5,
             cutout_row=words[3][0] * height >> 32, cutout_col=words[3][1] * width >> 32)
    if share(words[2][2]) < options["erase_factor"]:
        for k in range(4, 20):
            word = draw(k)
            area, ratio = between(word[0], "erase_scale") * height * width, between(
                word[1], "erase_ratio")
            tall, wide = max(int((area * ratio)**.5), 1), max(int((area / ratio)**.5), 1)
            top, left = word[2] * height >> 32, word[3] * width >> 32
            if top + tall <= height and left + wide <= width:
                t.update(erase_top=top, erase_left=left, erase_height=tall, erase_width=wide)
                break
    return t


def draws():
    options = dict(height=28, width=20, channels=1, rotation_range=15, width_shift_range=0.125,
                   height_shift_range=0.25, shear_range=20, zoom_range=(0.75, 1.5),
                   channel_shift_range=32, brightness_range=(0.5, 1.25), erase_factor=0.75,
                   erase_scale=(0.03125, 0.375), erase_ratio=(0.3125, 3.25),
                   seed=0x123456789ABCDEF0)
    indices, epoch = [0, 1, 2, 3, 59999, 2**31 - 1], 7
    table_of = [[drawn(options, i, epoch)[f] for f in FIELDS] for i in indices]
    array("draw_transforms", table_of)
    array("draw_indices", indices, "int32_t")
    fields = {k: "{%s, %s}" % tuple(map(number, v)) if isinstance(v, tuple) else number(v)
              for k, v in options.items() if k != "seed"}
    fields.update({k: str(options[k]) for k in ("height", "width", "channels")})
    print(f"static const ock_augmentation draw_options = "
          f"{record(**fields, seed='0x123456789ABCDEF0u', horizontal_flip='true', vertical_flip='true')};")
    print(f"enum {{ DRAW_EPOCH = {epoch}, DRAW_SAMPLES = {len(indices)} }};\n")


# ---- Pictures ----


def keras_picture(x, t, mode, cval, brightness=False):
    generator = image.ImageDataGenerator(fill_mode=mode, cval=cval,
                                         data_format="channels_last", dtype="float64")
    parameters = dict(theta=t["rotation"], tx=t["width_shift"], ty=t["height_shift"],
                      shear=t["shear"], zx=t["width_zoom"], zy=t["height_zoom"],
                      flip_horizontal=t["horizontal_flip"], flip_vertical=t["vertical_flip"],
                      channel_shift_intensity=t["channel_shift"] or None)
    if brightness:
        parameters["brightness"] = t["brightness"]
    return generator.apply_transform(np.array(x), parameters)


def affine(t, shape):
    """Of (row, column): a matrix about the centre, and a shift."""
    theta, shear = np.deg2rad(t["rotation"]), np.deg2rad(t["shear"])
    rotation = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    shear = np.array([[1, -np.sin(shear)], [0, np.cos(shear)]])
    linear = rotation @ shear @ np.diag([t["width_zoom"], t["height_zoom"]])
    shift = rotation @ [t["width_shift"], t["height_shift"]]
    return linear[::-1, ::-1], shift[::-1]


def elastic_picture(x, t, mode, cval, options, index, epoch):
    height, width, _ = x.shape
    fields = np.zeros((2, height, width))
    for row, col in np.ndindex(height, width):
        element = row * ((width + 3) // 4) + col // 4
        word = philox([element, epoch, index, PURPOSE_ELASTIC], options["seed"])[col % 4]
        fields[:, row, col] = [((half + 0.5) * 2.0**-15 - 1) for half in (word & 0xFFFF, word >> 16)]
    d = [options["elastic_alpha"] * scipy.ndimage.gaussian_filter(
        f, options["elastic_sigma"], mode="constant") for f in fields]
    linear, shift = affine(t, x.shape)
    centre = np.array([height, width]) / 2 - 0.5
    places = np.moveaxis(np.indices((height, width)), 0, 2)
    at = np.moveaxis((places - centre) @ linear.T + centre + shift, 2, 0) + d
    return np.stack([scipy.ndimage.map_coordinates(c, at, order=1, mode=mode, cval=cval)
                     for c in np.moveaxis(x, 2, 0)], axis=2)


def steady(make, t):
    """Whether no pixel lies so near an edge, or a byte's, that rounding decides."""
    y = make(t)
    near = [make(dict(t, height_shift=t["height_shift"] + a, width_shift=t["width_shift"] + b))
            for a in (-1e-4, 1e-4) for b in (-1e-4, 1e-4)]
    return np.max(np.abs(np.array(near) - y)) < 1e-2


def some_map(random, shape, turn=180, shear=40):
    return dict(STILL, rotation=f32(random.rng.uniform(-turn, turn)),
                height_shift=f32(random.rng.uniform(-.5, .5) * shape[0]),
                width_shift=f32(random.rng.uniform(-.5, .5) * shape[1]),
                shear=f32(random.rng.uniform(-shear, shear)),
                height_zoom=f32(random.rng.uniform(.5, 1.5)),
                width_zoom=f32(random.rng.uniform(.5, 1.5)),
                horizontal_flip=int(random.rng.integers(2)),
                vertical_flip=int(random.rng.integers(2)))


def steady_map(random, shape, make):
    while True:
        t = some_map(random, shape)
        if steady(make, t):
            return t


class Cases:
    def __init__(self):
        self.records = []

    def add(self, name, x, t, y, **options):
        i = len(self.records)
        array(f"picture_{i}_x", x)
        array(f"picture_{i}_y", y)
        fields = dict(zip(("height", "width", "channels"), map(str, x.shape)))
        for k, v in options.items():
            fields[k] = v if isinstance(v, str) else number(v)
        self.records.append(record(
            name=f'"{name}"', options=record(**fields),
            transform="{" + ", ".join(number(t[f]) for f in FIELDS) + "}",
            x=f"picture_{i}_x", y=f"picture_{i}_y"))


def fill_modes(cases, random):
    for shape in (8, 6, 1), (7, 7, 2), (1, 5, 1):
        for mode in MODES:
            x, cval = random.uniform(*shape), -0.5
            make = lambda t: keras_picture(x, t, mode, cval)
            t = steady_map(random, shape, make)
            cases.add(f"{mode}, {shape[0]} x {shape[1]}", x, t, make(t), cval=cval,
                      fill_mode=f"OCK_FILL_{mode.upper()}")
    x = random.uniform(5, 6, 1)
    for mode in MODES:  # whole pixels, far outside; on an edge it counts where exactly it is
        t = dict(STILL, height_shift=-9, width_shift=13)
        cases.add(f"{mode}, shifted", x, t, keras_picture(x, t, mode, 2), cval=2,
                  fill_mode=f"OCK_FILL_{mode.upper()}")


def single_maps(cases, random):
    for name, value in dict(rotation=30, height_shift=1.25, width_shift=-0.75, shear=25,
                            height_zoom=0.75, width_zoom=1.25, horizontal_flip=1,
                            vertical_flip=1).items():
        x, t = random.uniform(4, 5, 1), dict(STILL, **{name: value})
        cases.add(f"{name} alone", x, t, keras_picture(x, t, "nearest", 0))


def tones(cases, random):
    bytes_ = random.rng.integers(0, 256, (4, 5, 3)).astype(float)
    for shift in -40, 60:
        t = dict(STILL, channel_shift=shift)
        cases.add("channel shift", bytes_, t, keras_picture(bytes_, t, "nearest", 0),
                  channel_shift_range=100)
    for factor in 0, 0.625, 1, 1.375:
        t = dict(STILL, brightness=factor)
        cases.add(f"brightness {factor}", bytes_, t, keras_picture(bytes_, t, "nearest", 0, True),
                  brightness_range="{0, 2}")
    t = dict(STILL, brightness=0.75, channel_shift=33, horizontal_flip=1)
    cases.add("shift, flip and brightness", bytes_, t, keras_picture(bytes_, t, "nearest", 0, True),
              brightness_range="{0, 2}", channel_shift_range=100)
    rgba = random.rng.integers(0, 256, (3, 3, 4)).astype(float)
    t = dict(STILL, brightness=0.625)
    cases.add("brightness beside alpha", rgba, t, keras_picture(rgba, t, "nearest", 0, True),
              brightness_range="{0, 2}")
    while True:
        x = f32(random.rng.uniform(-2, 2, (4, 5, 1)))
        t, part = dict(STILL, brightness=1.625), 255 * (x - x.min()) / (x.max() - x.min())
        part, inner = part[(part > 0) & (part < 255)], np.ravel(part)
        if np.all(np.abs(part - np.round(part)) > 1e-3):
            break
    cases.add("stretched brightness", x, t, keras_picture(x, t, "nearest", 0, True),
              brightness_range="{0, 2}")


def elastic(cases, random):
    epoch, index = 5, 9
    for mode, shape, alpha, sigma in (("nearest", (9, 10, 1), 3, 1), ("constant", (8, 6, 2), 8, 2),
                                      ("reflect", (6, 9, 1), 4, 0.0625), ("wrap", (9, 5, 1), 6, 4)):
        x, options = random.uniform(*shape), dict(elastic_alpha=alpha, elastic_sigma=sigma,
                                                  seed=0x0FEDCBA987654321)
        make = lambda t: elastic_picture(x, t, mode, 0.25, options, index, epoch)
        t = some_map(random, shape, 20, 10)
        t.update(horizontal_flip=0, vertical_flip=0)
        while not steady(make, t):
            t = dict(some_map(random, shape, 20, 10), horizontal_flip=0, vertical_flip=0)
        cases.add(f"elastic, {mode}", x, t, make(t), cval=0.25,
                  fill_mode=f"OCK_FILL_{mode.upper()}", elastic_alpha=alpha, elastic_sigma=sigma,
                  seed="0x0FEDCBA987654321u")
    print(f"enum {{ ELASTIC_EPOCH = {epoch}, ELASTIC_INDEX = {index} }};\n")


def pictures():
    # The matrix of elastic_picture() is Keras's.
    x, t = Random(9).uniform(6, 7, 1), dict(some_map(Random(9), (6, 7)), horizontal_flip=0,
                                            vertical_flip=0)
    still = dict(elastic_alpha=0, elastic_sigma=1, seed=1)
    assert np.allclose(elastic_picture(x, t, "nearest", 0, still, 0, 0),
                       keras_picture(x, t, "nearest", 0))
    cases, random = Cases(), Random(8)
    for part in fill_modes, single_maps, tones, elastic:
        part(cases, random)
    table("golden_picture", "pictures", cases.records)


TOPICS = draws, pictures
