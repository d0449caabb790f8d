"""What the topics of generate.py share: Keras in float64, float32's numbers, and C as text."""
import os

os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3",
                  TF_ENABLE_ONEDNN_OPTS="0", TF_DETERMINISTIC_OPS="1")

import keras
import numpy as np

keras.config.set_floatx("float64")

U = 2.0**-24  # float32's unit roundoff


def f32(values):
    """What float32 keeps, as float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


class Random:
    """Draws of one topic, so that a change in one leaves the others' vectors as they are."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0):
        return f32(self.rng.normal(size=shape) * scale)

    def uniform(self, *shape):
        return f32(self.rng.uniform(size=shape))

    def labels(self, rows, classes):
        return self.rng.integers(0, classes, rows)


# ---- Rounding ----

NOISE_RUNS = 8


def disturbed(rng, values):
    """As if each value had just been rounded to float32."""
    return [v * (1 + U * rng.choice([-1, 1], size=v.shape)) for v in values]


def spread(clean, noisy):
    """By how far the disturbed runs leave the clean one, at each step."""
    return np.max([np.abs(n - clean).reshape(len(clean), -1).max(axis=1) for n in noisy], axis=0)


# ---- Optimisers ----

RATE, MOMENTUM = float(f32(0.1)), float(f32(0.9))
ADAM = dict(learning_rate=float(f32(1e-3)), beta_1=MOMENTUM, beta_2=float(f32(0.999)),
            epsilon=float(f32(1e-7)))
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(**ADAM),
    "sgd": lambda: keras.optimizers.SGD(RATE),
    "momentum": lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM),
    "nesterov": lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True),
}


def regularizer(l1, l2):
    return keras.regularizers.L1L2(float(f32(l1)), float(f32(l2)))


def reset(model, weights):
    """The model at these weights, its optimiser as new."""
    model.set_weights(weights)
    for v in model.optimizer.variables:
        if "learning_rate" not in v.path:
            v.assign(np.zeros(v.shape))


def flat(weights):
    return np.concatenate([np.ravel(w) for w in weights])


# ---- Writing C ----


def number(value, single=True):
    """A hexadecimal constant: of float, or of double."""
    value = float(np.float32(value)) if single else float(value)
    if np.isnan(value):
        return "NAN"
    if value == int(value) and abs(value) < 100:
        return str(int(value))
    mantissa, exponent = value.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{int(exponent)}"


def text(value):
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def braces(items):
    """{a, b, ...}, wrapped at 100 columns."""
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) > 92:
            lines.append(line.rstrip())
            line = ""
        line += item + ", "
    lines.append(line.rstrip(", "))
    return "{" + "\n    ".join(lines) + "}"


def floats(values):
    return braces([number(v) for v in np.ravel(values)])


def doubles(values):
    return braces([number(v, single=False) for v in np.ravel(values)])


def integers(values):
    return braces([str(v) for v in np.ravel(values)])


def array(name, values, kind="float"):
    items = integers(values) if kind == "int32_t" else floats(values)
    print(f"static const {kind} {name}[{np.size(values)}] = {items};")


def record(**fields):
    return "{" + ",\n ".join(f".{k} = {v}" for k, v in fields.items()) + "}"


def table(kind, name, records):
    print(f"static const {kind} {name}[{len(records)}] = {{\n" + ",\n".join(records) + "};\n")


def optimizer_record(optimizer):
    c = optimizer.get_config()
    if isinstance(optimizer, keras.optimizers.Adam):
        return record(kind="OCK_ADAM", learning_rate=number(c["learning_rate"]),
                      beta1=number(c["beta_1"]), beta2=number(c["beta_2"]),
                      epsilon=number(c["epsilon"]))
    return record(kind="OCK_SGD", learning_rate=number(c["learning_rate"]),
                  momentum=number(c["momentum"]), nesterov=text(c["nesterov"]))


def penalty_record(l1, l2):
    return record(l1=number(l1), l2=number(l2))
