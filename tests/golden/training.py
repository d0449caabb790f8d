"""model.fit's history and weights."""
import keras
import numpy as np

from common import (ADAM, NOISE_RUNS, OPTIMIZERS, Random, array, braces, disturbed, doubles, f32,
                    flat, number, optimizer_record, record, regularizer, reset, spread, table,
                    text)


def gelu(x):
    return keras.activations.gelu(x, approximate=False)


def fit_models(random):
    weight, bias = regularizer(0.001, 0.01), regularizer(0.002, 0.005)
    layers = keras.layers
    norm = layers.BatchNormalization(momentum=float(f32(0.9)), epsilon=float(f32(1e-3)))
    return [
        ("softmax", [layers.Dense(5, "relu", kernel_regularizer=weight),
                     layers.Dense(3, "softmax", kernel_regularizer=weight)],
         keras.optimizers.Adam(**ADAM), "sparse_categorical_crossentropy", random.labels(19, 3)),
        ("binary", [layers.Dense(5, "elu", kernel_regularizer=weight, bias_regularizer=bias),
                    layers.Dense(2, "sigmoid")],
         OPTIMIZERS["nesterov"](), "binary_crossentropy",
         random.rng.integers(0, 2, (19, 2)).astype(float)),
        ("normalised", [layers.Dense(5, use_bias=False, kernel_regularizer=weight), norm,
                        layers.Activation(gelu), layers.Dense(2)],
         OPTIMIZERS["momentum"](), "mean_squared_error", random.normal(19, 2)),
    ]


class Disturb(keras.callbacks.Callback):
    def __init__(self, seed):
        super().__init__()
        self.rng = np.random.default_rng(seed)

    def on_train_batch_begin(self, batch, logs=None):
        self.model.set_weights(disturbed(self.rng, self.model.get_weights()))


HISTORY = "loss", "accuracy", "val_loss", "val_accuracy"
# "accuracy" alone would count the binary outputs as classes, since they are more than one.
METRICS = {"softmax": ["accuracy"], "binary": [keras.metrics.BinaryAccuracy("accuracy")],
           "activity": ["accuracy"]}
NAMES = {"moving_mean": "mean", "moving_variance": "variance"}


def initial_weights(random, model):
    values = [random.normal(*w.shape, scale=0.5) for w in model.weights]
    return [np.abs(v) + 0.5 if "variance" in w.path else v for w, v in zip(model.weights, values)]


def run_fit(model, initial, x, y, weights=None, classes=None, callbacks=()):
    """Two epochs of 14 rows in batches of 4, the last one of 2; 5 rows for validation."""
    reset(model, initial)
    parts = [(a[:14], a[14:]) for a in (x, y, weights) if a is not None]
    train, valid = zip(*parts)
    history = model.fit(*train[:2], sample_weight=None if weights is None else train[2],
                        class_weight=classes, batch_size=4, epochs=2, shuffle=False, verbose=0,
                        validation_data=valid, callbacks=list(callbacks)).history
    rows = [[history[n][e] if n in history else np.nan for n in HISTORY] for e in range(2)]
    return np.array(rows), model.get_weights()


def tensor_table(i, model, layers, initial, weights):
    tensors = []
    for w, before, after in zip(model.weights, initial, weights):
        layer = next(k for k, l in enumerate(layers) if any(v is w for v in l.weights))
        name = f"{layer}.{NAMES.get(w.name, w.name)}"
        values = f"fit_{i}_{name.replace('.', '_')}"
        array(values, [before, after])
        tensors.append(record(name=text(name), size=before.size, values=values))
    table("golden_tensor", f"fit_{i}_tensors", tensors)
    return len(tensors)


def write_fits(random, models, first=0, weighing=()):
    records = []
    for i, (name, layers, optimizer, loss, y) in enumerate(models, first):
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile(optimizer, loss, metrics=METRICS.get(name))
        x, initial = random.normal(19, 4), [f32(w) for w in initial_weights(random, model)]
        model.train_on_batch(x, y)  # makes the optimiser's variables
        options, extra = dict(weighing).get(name, ({}, {}))
        history, weights = run_fit(model, initial, x, y, **options)
        noisy = [run_fit(model, initial, x, y, callbacks=[Disturb(s)], **options)
                 for s in range(NOISE_RUNS)]
        labelled = y.ndim == 1
        array(f"fit_{i}_x", x)
        array(f"fit_{i}_y", y, "int32_t" if labelled else "float")
        losses = spread(history[:, ::2], [n[0][:, ::2] for n in noisy]).max()
        final = spread(flat(weights)[None], [flat(n[1])[None] for n in noisy]).max()
        records.append(record(
            name=text(name), optimizer=optimizer_record(optimizer),
            outputs=3 if labelled else 2, x=f"fit_{i}_x",
            **{"labels" if labelled else "targets": f"fit_{i}_y"},
            tensor_count=tensor_table(i, model, layers, initial, weights),
            tensors=f"fit_{i}_tensors", history=braces([doubles(h) for h in history]),
            loss_spread=number(losses), weight_spread=number(final), **extra))
    return records


def fits():
    random = Random(6)
    table("golden_fit", "fit_runs", write_fits(random, fit_models(random)))


TOPICS = fits,
