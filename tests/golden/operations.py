"""Losses, activations and batch normalisation with their gradients; defaults; initial weights."""
import keras
import numpy as np
import tensorflow as tf
from keras.src.initializers import random_initializers

from common import (Random, array, doubles, f32, floats, number, optimizer_record, record, table,
                    text)


def value_and_gradient(function, x, dy=None):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y.numpy(), tape.gradient(y, x, None if dy is None else tf.constant(dy)).numpy()


EXTREME_LOGITS = f32([[50, -50, 0, 1, 2], [-50, 50, 50, 0, 0], [1e4, -1e4, 0, 3, 5],
                      [-1e4, 1e4, 1e4, -3, 2], [1e4, 1e4 + 0.5, 1e4 - 2, 1e4 - 1, 1e4 + 0.25],
                      [0, 0, 0, 0, 0], [-1e4, -1e4 - 1, -1e4 - 3, -1e4, -1e4 - 80],
                      [7, 7, 7, 7, -100]])
BINARY_LOGITS = f32([[50, -50, 0.5], [-1e4, 1e4, 3], [1e4, 1e4, -1e4], [-50, -50, 50],
                     [1e-3, -1e-3, 88], [-88, 0.25, 20], [3, -2, 1e-6], [-0.125, 12, -30]])


def loss_cases():
    random = Random(3)
    logits, soft = random.normal(8, 5, scale=3), f32(random.rng.dirichlet(np.ones(5), 8))
    hard, shares = random.rng.integers(0, 2, (8, 3)).astype(float), random.uniform(8, 3)
    values = random.normal(8, 3, scale=10)
    values[0] = f32([1e4, -1e4, 1e-4])
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    categorical = keras.losses.CategoricalCrossentropy(from_logits=True)
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    count, count_soft = (keras.metrics.sparse_categorical_accuracy,
                         keras.metrics.categorical_accuracy)
    count_binary = lambda y, z: np.mean(keras.metrics.binary_accuracy(y, z, threshold=0), -1)
    return [
        ("labels", "SOFTMAX", sparse, logits, random.labels(8, 5), count),
        ("labels, extreme logits", "SOFTMAX", sparse, EXTREME_LOGITS,
         np.array([0, 0, 1, 2, 4, 0, 3, 1]), count),
        ("soft targets", "SOFTMAX", categorical, logits, soft, count_soft),
        ("soft targets, extreme logits", "SOFTMAX", categorical, EXTREME_LOGITS, soft[::-1],
         count_soft),
        ("binary", "BINARY", binary, BINARY_LOGITS, hard, count_binary),
        # Keras counts a target inside 0..1 as never met and ops.h says otherwise: no verdict.
        ("binary, soft targets", "BINARY", binary, BINARY_LOGITS, shares, None),
        ("squared", None, keras.losses.MeanSquaredError(), values, random.normal(8, 3), None),
    ]


def loss_records(cases, prefix):
    """Keras smooths labels as one-hot targets alone, so its labels come as these where they are
    smoothed; the losses of single rows are weighted."""
    records = []
    for i, (name, kind, loss, z, y, count, smoothing, weights) in enumerate(cases):
        targets = "labels" if y.ndim == 1 else "targets"
        sparse = isinstance(loss, keras.losses.SparseCategoricalCrossentropy)
        known = np.eye(z.shape[1])[y] if y.ndim == 1 and not sparse else y
        _, gradient = value_and_gradient(lambda v: loss(known, v, sample_weight=weights), z)
        array(f"{prefix}_{i}_prediction", z)
        array(f"{prefix}_{i}_target", y, "int32_t" if y.ndim == 1 else "float")
        array(f"{prefix}_{i}_gradient", gradient)
        rows = loss.call(known, tf.constant(z)).numpy() * (1 if weights is None else weights)
        extra = {} if weights is None else {"weights": "row_weights"}
        if smoothing:
            extra["smoothing"] = number(smoothing)
        records.append(record(
            name=text(name), rows=z.shape[0], cols=z.shape[1],
            kind=f"OCK_{kind}_CROSSENTROPY" if kind else "OCK_MEAN_SQUARED_ERROR",
            prediction=f"{prefix}_{i}_prediction", **{targets: f"{prefix}_{i}_target"},
            gradient=f"{prefix}_{i}_gradient", losses=doubles(rows), **extra,
            correct=number(np.sum(count(y, z)) if count else np.nan, single=False)))
    return records


def losses():
    cases = [(*case, 0, None) for case in loss_cases()]
    table("golden_loss", "loss_cases", loss_records(cases, "loss"))


def activations():
    random = Random(4)
    grid = [1e-30, 1e-8, 1e-3, 0.1, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 88, 100, 1e4, 1e30]
    x = f32(np.concatenate([[0], grid, np.negative(grid)]))
    dy = random.normal(x.size)
    array("activation_x", x)
    array("activation_dy", dy)
    records = []
    for name in "linear", "relu", "leaky_relu", "elu", "gelu", "sigmoid", "tanh":
        options = {"approximate": False} if name == "gelu" else {}
        function = getattr(keras.activations, name)
        y, dx = value_and_gradient(lambda v: function(v, **options), x, dy)
        if name == "leaky_relu":
            dx[0] = np.nan  # at 0 Keras's backends disagree: no verdict
        records.append(record(name=text(name), activation=f"OCK_{name.upper()}", y=floats(y),
                              dx=floats(dx)))
    table("golden_activation", "activation_cases", records)
    x, dy = random.normal(6, 5, scale=4), random.normal(6, 5)
    x[1:4] = f32([[50, -50, 0, 49, 3], [1e4, 1e4 - 1, -1e4, 0, 1e4 - 20],
                  [-88, -88, -90, -200, -88.5]])
    y, dx = value_and_gradient(keras.activations.softmax, x, dy)
    for name, values in ("x", x), ("dy", dy), ("y", y), ("dx", dx):
        array(f"softmax_{name}", values)


def batch_norm():
    """Batches of 6, 3 and 1 rows; the columns are plain, far from 0, constant and small."""
    random = Random(5)
    sizes, cols = [6, 3, 1], 4
    x = random.normal(sum(sizes), cols)
    x = f32(x * [1, 1, 0, 1e-2] + [0, 64, 3, 0])
    dy = random.normal(sum(sizes), cols)
    momentum, epsilon = float(f32(0.9)), float(f32(1e-3))
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon)
    layer.build((None, cols))
    layer.gamma.assign(random.normal(cols))
    layer.beta.assign(random.normal(cols))
    for name, values in ("x", x), ("dy", dy), ("gamma", layer.gamma), ("beta", layer.beta):
        array(f"norm_{name}", values)
    out = {name: [] for name in ("y", "dx", "dgamma", "dbeta", "mean", "variance")}
    for batch in np.split(np.arange(len(x)), np.cumsum(sizes)[:-1]):
        inputs = tf.constant(x[batch])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs, training=True)
        wanted = [inputs, layer.gamma.value, layer.beta.value]
        gradients = tape.gradient(y, wanted, tf.constant(dy[batch]))
        state = [y, *gradients, layer.moving_mean.value, layer.moving_variance.value]
        for values, part in zip(state, out.values()):
            part.append(np.ravel(values))
    for name, parts in out.items():
        array(f"norm_{name}", np.concatenate(parts))
    array("norm_inference", layer(x, training=False))
    print(f"static const float norm_momentum = {number(momentum)};")
    print(f"static const float norm_epsilon = {number(epsilon)};\n")


def initializers():
    """The bounds within which Keras itself draws."""
    asked = {}
    for name in "uniform", "truncated_normal":
        def draw(shape, name=name, **options):
            asked[name] = options
            return np.zeros(shape)
        setattr(random_initializers.random, name, draw)
    inputs, outputs = 300, 200
    keras.initializers.GlorotUniform()((inputs, outputs))
    keras.initializers.HeNormal()((inputs, outputs))
    print(f"enum {{ INITIALIZER_INPUTS = {inputs}, INITIALIZER_OUTPUTS = {outputs} }};")
    for name, value in (("glorot_limit", asked["uniform"]["maxval"]),
                        ("he_deviation", asked["truncated_normal"]["stddev"])):
        print(f"static const double {name} = {number(value, single=False)};")
    print()


def defaults():
    adam, sgd = keras.optimizers.Adam(), keras.optimizers.SGD()
    norm = keras.layers.BatchNormalization()
    print(f"static const ock_optimizer default_adam = {optimizer_record(adam)};")
    print(f"static const ock_optimizer default_sgd = {optimizer_record(sgd)};")
    print("static const ock_normalization default_norm = "
          + record(momentum=number(norm.momentum), epsilon=number(norm.epsilon)) + ";\n")


TOPICS = defaults, losses, activations, batch_norm, initializers
