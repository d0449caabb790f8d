"""Learning rates, the verdicts of ReduceLROnPlateau and EarlyStopping, and averages of weights."""
import itertools

import keras
import numpy as np

from common import (ADAM, MOMENTUM, NOISE_RUNS, RATE, Random, array, braces, disturbed, doubles,
                    f32, flat, floats, integers, number, optimizer_record, record, regularizer,
                    reset, spread, table, text)

schedules = keras.optimizers.schedules

# ---- Schedules ----

DECAY_STEPS, WARMUP_STEPS = 12, 5


def warmed(schedule, cosine):
    """Keras warms up CosineDecay alone: the other kinds begin after such a warm-up as they are."""
    return lambda step: cosine(step) if step < WARMUP_STEPS else schedule(step - WARMUP_STEPS)


def schedule_cases():
    # np.float64: TensorFlow makes float32 of Python's floats, whatever keras.config says.
    rate, start = np.float64(RATE), np.float64(f32(0.01))
    constant = lambda step: rate
    step, exponential = (schedules.ExponentialDecay(rate, DECAY_STEPS, float(f32(0.3)), staircase)
                         for staircase in (True, False))
    growing = schedules.ExponentialDecay(rate, 3, float(f32(1.5)))
    cosine = schedules.CosineDecay(rate, DECAY_STEPS)
    alpha = schedules.CosineDecay(rate, DECAY_STEPS, float(f32(0.2)))
    low = schedules.CosineDecay(start, DECAY_STEPS, 0.0, warmup_target=rate,
                                warmup_steps=WARMUP_STEPS)
    whole = schedules.CosineDecay(np.float64(0), DECAY_STEPS, float(f32(0.2)), warmup_target=rate,
                                  warmup_steps=WARMUP_STEPS)
    decay = dict(decay_steps=DECAY_STEPS)
    rated = dict(decay, decay_rate=number(0.3))
    warm = dict(warmup_steps=WARMUP_STEPS, warmup_from=number(start))
    return [
        ("CONSTANT_RATE", {}, constant), ("CONSTANT_RATE", warm, warmed(constant, low)),
        ("STEP_DECAY", rated, step), ("STEP_DECAY", rated | warm, warmed(step, low)),
        ("EXPONENTIAL_DECAY", rated, exponential),
        ("EXPONENTIAL_DECAY", rated | warm, warmed(exponential, low)),
        ("EXPONENTIAL_DECAY", dict(decay_steps=3, decay_rate=number(1.5)), growing),
        ("COSINE_DECAY", decay, cosine), ("COSINE_DECAY", decay | dict(alpha=number(0.2)), alpha),
        ("COSINE_DECAY", decay | warm, low),
        ("COSINE_DECAY", decay | dict(alpha=number(0.2), warmup_steps=WARMUP_STEPS), whole),
    ]


def rates():
    edges = [0, WARMUP_STEPS, DECAY_STEPS, DECAY_STEPS + WARMUP_STEPS, 2 * DECAY_STEPS]
    steps = sorted({e + d for e in edges for d in (-1, 0, 1) if e + d >= 0} | {3, 8, 100})
    print(f"static const uint64_t schedule_steps[SCHEDULE_STEPS] = {integers(steps)};")
    print(f"static const float schedule_rate = {number(RATE)};")
    table("golden_schedule", "schedule_runs", [
        record(schedule=record(kind=f"OCK_{kind}", **fields),
               rates=doubles([float(schedule(s)) for s in steps]))
        for kind, fields, schedule in schedule_cases()])


# ---- Traces ----


def every_pair(random, draw, count):
    """`count` draws of options, and after them those that show two options in a new pair."""
    kept, seen = [], set()
    for _ in range(1000):
        options = draw(random)
        pairs = set(itertools.combinations(sorted((k, str(v)) for k, v in options.items()), 2))
        if len(kept) < count or not pairs <= seen:
            kept.append(options)
            seen |= pairs
    return kept


def trace_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(RATE), "mse", metrics=["accuracy"])
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    return model


def trace_values(random, i, count=12):
    """Eighths, so that values meet each other and min_delta exactly; some sorted, some NaN."""
    values = random.rng.integers(0, 9, count) / 8
    if i % 3 == 1:
        values = np.sort(values)[:: random.rng.choice([-1, 1])]
    if i % 6 == 2:
        values[random.rng.integers(5, count, 2)] = np.nan
    return values


def monitor_options(rng):
    return dict(monitor=str(rng.choice(["loss", "val_loss", "accuracy", "val_accuracy"])),
                min_delta=float(rng.choice([0, 0, 0.125, 0.25])),
                mode=str(rng.choice(["auto", "auto", "min", "max"])))


def monitor_fields(options):
    return dict(monitor=text(options["monitor"]), min_delta=options["min_delta"],
                mode=f"OCK_MODE_{options['mode'].upper()}", patience=options["patience"])


# ---- EarlyStopping ----


def stop_trace(model, values, options):
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


def stop_options(random):
    rng = random.rng
    return monitor_options(rng) | dict(
        patience=int(rng.integers(0, 5)), baseline=[None, None, 0.5, 0.25][rng.integers(4)],
        restore_best_weights=bool(rng.integers(2)), start_from_epoch=int(rng.choice([0, 0, 1, 3])))


def stop_record(options):
    fields = monitor_fields(options) | dict(start_from_epoch=options["start_from_epoch"])
    if options["baseline"] is not None:
        fields.update(use_baseline="true", baseline=options["baseline"])
    return record(restore_best_weights=text(options["restore_best_weights"]), **fields)


def early_stopping():
    random = Random(7)
    model = trace_model()
    records = []
    for i, options in enumerate(every_pair(random, stop_options, 48)):
        values = trace_values(random, i)
        waits, stopper, best_epoch = stop_trace(model, values, options)
        records.append(record(
            options=stop_record(options), values=doubles(values), epochs=len(waits),
            waits=integers(waits), stopped=text(bool(model.stop_training)),
            best=number(stopper.best, single=False), best_epoch=best_epoch))
    table("golden_stop", "stop_traces", records)


# ---- ReduceLROnPlateau ----

PLATEAU_EPOCHS = 16


def plateau_options(random):
    rng = random.rng
    return monitor_options(rng) | dict(
        patience=int(rng.integers(0, 4)), factor=float(f32(rng.choice([0.1, 0.3, 0.5]))),
        cooldown=int(rng.choice([0, 0, 1, 3])), min_lr=float(f32(rng.choice([0, 0, 0.02, 0.2]))))


def plateau_record(options):
    return record(factor=number(options["factor"]), cooldown=options["cooldown"],
                  min_learning_rate=number(options["min_lr"]), **monitor_fields(options))


def plateau_trace(model, values, options):
    plateau = keras.callbacks.ReduceLROnPlateau(**options)
    plateau.set_model(model)
    model.optimizer.learning_rate = RATE
    plateau.on_train_begin()
    rates, waits, cooldowns = [], [], []
    for epoch, value in enumerate(values):
        plateau.on_epoch_end(epoch, {options["monitor"]: value})
        rates.append(float(model.optimizer.learning_rate))
        waits.append(plateau.wait)
        cooldowns.append(plateau.cooldown_counter)
    return dict(rates=doubles(rates), waits=integers(waits), cooldowns=integers(cooldowns),
                best=number(plateau.best, single=False))


def plateaus():
    random = Random(11)
    model = trace_model()
    records = []
    for i, options in enumerate(every_pair(random, plateau_options, 24)):
        values = trace_values(random, i, PLATEAU_EPOCHS)
        records.append(record(options=plateau_record(options), values=doubles(values),
                              **plateau_trace(model, values, options)))
    table("golden_plateau", "plateau_traces", records)


# ---- Averages ----


class Epochs(keras.callbacks.Callback):
    """One step an epoch: disturbs the weights before it, and takes the averages after it."""

    def __init__(self, seed=None):
        super().__init__()
        self.rng = None if seed is None else np.random.default_rng(seed)
        self.averages = []

    def on_train_batch_begin(self, batch, logs=None):
        if self.rng:
            self.model.set_weights(disturbed(self.rng, self.model.get_weights()))

    def on_epoch_end(self, epoch, logs=None):
        averages = self.model.optimizer._model_variables_moving_average
        self.averages.append(flat([np.array(a) for a in averages]))


def average_model(optimizer):
    penalty = regularizer(0.01, 0.02)
    model = keras.Sequential([
        keras.Input((3,)), keras.layers.Dense(3, "tanh", kernel_regularizer=penalty),
        keras.layers.Dense(2, kernel_regularizer=penalty)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def averaged_fit(model, initial, x, y, seed=None):
    """The averages at each step, and last the weights that fit() leaves."""
    reset(model, initial)
    epochs = Epochs(seed)
    model.fit(x, y, batch_size=len(x), epochs=10, shuffle=False, verbose=0, callbacks=[epochs])
    return np.array(epochs.averages + [flat(model.get_weights())])


def averages():
    random = Random(12)
    x, y = random.normal(6, 3), np.array([0, 1, 1, 0, 1, 0])
    initial = [random.normal(*shape, scale=0.5) for shape in ((3, 3), (3,), (3, 2), (2,))]
    array("average_x", x)
    array("average_labels", y, "int32_t")
    array("average_initial", flat(initial))
    records = []
    for momentum in 0.5, 0.9:
        for name, make in (("adam", lambda **o: keras.optimizers.Adam(**ADAM, **o)),
                           ("momentum", lambda **o: keras.optimizers.SGD(
                               RATE, momentum=MOMENTUM, **o))):
            model = average_model(make(use_ema=True, ema_momentum=float(f32(momentum))))
            model.train_on_batch(x, y)  # makes the optimiser's variables
            weights = averaged_fit(model, initial, x, y)
            noisy = [averaged_fit(model, initial, x, y, seed) for seed in range(NOISE_RUNS)]
            records.append(record(
                name=text(f"{name}, {momentum}"), optimizer=optimizer_record(model.optimizer),
                ema_momentum=number(momentum), weights=braces([floats(w) for w in weights]),
                spread=floats(spread(weights, noisy))))
    table("golden_average", "average_runs", records)


TOPICS = rates, early_stopping, plateaus, averages
