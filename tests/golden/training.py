"""model.fit's history and weights, and EarlyStopping's verdicts."""
import keras
import numpy as np

from common import (ADAM, NOISE_RUNS, OPTIMIZERS, Random, array, braces, disturbed, doubles, f32,
                    flat, integers, number, optimizer_record, record, regularizer, reset, spread,
                    table, text)


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
           "normalised": None}
NAMES = {"moving_mean": "mean", "moving_variance": "variance"}


def initial_weights(random, model):
    values = [random.normal(*w.shape, scale=0.5) for w in model.weights]
    return [np.abs(v) + 0.5 if "variance" in w.path else v for w, v in zip(model.weights, values)]


def run_fit(model, initial, x, y, callbacks=()):
    """Two epochs of 14 rows in batches of 4, the last one of 2; 5 rows for validation."""
    reset(model, initial)
    history = model.fit(x[:14], y[:14], batch_size=4, epochs=2, shuffle=False, verbose=0,
                        validation_data=(x[14:], y[14:]), callbacks=list(callbacks)).history
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


def fits():
    random = Random(6)
    records = []
    for i, (name, layers, optimizer, loss, y) in enumerate(fit_models(random)):
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile(optimizer, loss, metrics=METRICS[name])
        x, initial = random.normal(19, 4), [f32(w) for w in initial_weights(random, model)]
        model.train_on_batch(x, y)  # makes the optimiser's variables
        history, weights = run_fit(model, initial, x, y)
        noisy = [run_fit(model, initial, x, y, [Disturb(s)]) for s in range(NOISE_RUNS)]
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
            loss_spread=number(losses), weight_spread=number(final)))
    table("golden_fit", "fit_runs", records)


def trace(model, values, options):
    """The callback itself, epoch by epoch; the weight is the epoch, so it shows the restored."""
    stopper = keras.callbacks.EarlyStopping(**options)
    stopper.set_model(model)
    model.stop_training = False
    stopper.on_train_begin()
    waits = []
    for epoch, value in enumerate(values):
        model.set_weights([np.full((1, 1), float(epoch))])
        stopper.on_epoch_end(epoch, {options["monitor"]: value})
        waits.append(stopper.wait)
        if model.stop_training:
            break
    stopper.on_train_end()
    restored = int(model.get_weights()[0].item())
    return waits, stopper, restored if stopper.restore_best_weights else stopper.best_epoch


def trace_values(random, i):
    """Eighths, so that values meet each other and min_delta exactly; some sorted, some NaN."""
    values = random.rng.integers(0, 9, 12) / 8
    if i % 3 == 1:
        values = np.sort(values)[:: random.rng.choice([-1, 1])]
    if i % 6 == 2:
        values[random.rng.integers(5, 12, 2)] = np.nan
    return values


def trace_options(random):
    rng = random.rng
    return dict(
        monitor=str(rng.choice(["loss", "val_loss", "accuracy", "val_accuracy"])),
        min_delta=float(rng.choice([0, 0, 0.125, 0.25])), patience=int(rng.integers(0, 5)),
        mode=str(rng.choice(["auto", "auto", "min", "max"])),
        baseline=[None, None, 0.5, 0.25][rng.integers(4)],
        restore_best_weights=bool(rng.integers(2)), start_from_epoch=int(rng.choice([0, 0, 1, 3])))


def options_record(options):
    fields = {k: text(options[k]) for k in ("monitor", "restore_best_weights")}
    fields.update({k: options[k] for k in ("min_delta", "patience", "start_from_epoch")})
    if options["baseline"] is not None:
        fields.update(use_baseline="true", baseline=options["baseline"])
    return record(mode=f"OCK_MODE_{options['mode'].upper()}", **fields)


def early_stopping():
    random = Random(7)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    records = []
    for i in range(48):
        values, options = trace_values(random, i), trace_options(random)
        waits, stopper, best_epoch = trace(model, values, options)
        records.append(record(
            options=options_record(options), values=doubles(values), epochs=len(waits),
            waits=integers(waits), stopped=text(bool(model.stop_training)),
            best=number(stopper.best, single=False), best_epoch=best_epoch))
    table("golden_stop", "stop_traces", records)


TOPICS = fits, early_stopping
