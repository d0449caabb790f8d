"""Ten steps of each optimiser with each regulariser of a step: of one tensor, and of a network."""
import keras
import numpy as np

from common import (ADAM, MOMENTUM, NOISE_RUNS, RATE, Random, array, braces, disturbed, f32, flat,
                    floats, number, penalty_record, record, regularizer, reset, spread, table, text)

STEPS, ROWS, COLS = 10, 3, 4


def f(value):
    return float(f32(value))


RMSPROP = dict(learning_rate=f(0.01), rho=f(0.9), epsilon=f(1e-7))
OPTIMIZERS = {
    "sgd": (keras.optimizers.SGD, dict(learning_rate=RATE)),
    "momentum": (keras.optimizers.SGD, dict(learning_rate=RATE, momentum=MOMENTUM)),
    "nesterov": (keras.optimizers.SGD, dict(learning_rate=RATE, momentum=MOMENTUM, nesterov=True)),
    "adam": (keras.optimizers.Adam, ADAM),
    "adamw": (keras.optimizers.AdamW, ADAM | dict(weight_decay=f(0.004))),
    "rmsprop": (keras.optimizers.RMSprop, RMSPROP),
    "rmsprop with momentum": (keras.optimizers.RMSprop, RMSPROP | dict(momentum=MOMENTUM)),
}
# what the optimiser takes; l1 and l2; the constraint
NONE, MAX_NORM = (0, 0), ("MAX_NORM", f(0.7), lambda: keras.constraints.MaxNorm(f(0.7)))
AVERAGE, DECAY = dict(use_ema=True, ema_momentum=f(0.8)), dict(weight_decay=f(0.3))
CASES = {
    "plain": ({}, NONE, None),
    "elastic net": ({}, (0.01, 0.02), None),
    "weight decay": (DECAY, NONE, None),
    "clip value": (dict(clipvalue=f(0.4)), (0.01, 0.02), None),
    "clip norm": (dict(clipnorm=f(0.5)), (0.01, 0.02), None),
    "global clip norm": (dict(global_clipnorm=f(0.5)), (0.01, 0.02), None),
    "average": (AVERAGE, NONE, None),
    "max-norm": ({}, NONE, MAX_NORM),
    "unit-norm": ({}, NONE, ("UNIT_NORM", 0, keras.constraints.UnitNorm)),
    "non-negative": (AVERAGE, NONE, ("NON_NEGATIVE", 0, keras.constraints.NonNeg)),
    "all": (AVERAGE | DECAY | dict(clipvalue=f(0.4)), (0.01, 0.02), MAX_NORM),
}


def optimizer_record(optimizer):
    c = optimizer.get_config()
    kind = {"SGD": "SGD", "RMSprop": "RMSPROP"}.get(type(optimizer).__name__, "ADAM")
    names = dict(learning_rate="learning_rate", momentum="momentum", beta1="beta_1",
                 beta2="beta_2", rho="rho", epsilon="epsilon", weight_decay="weight_decay",
                 clip_value="clipvalue", clip_norm="clipnorm", global_clip_norm="global_clipnorm")
    fields = {ours: number(c[keras_name]) for ours, keras_name in names.items()
              if c.get(keras_name)}
    if c["use_ema"]:
        fields["ema_momentum"] = number(c["ema_momentum"])
    if c.get("nesterov"):
        fields["nesterov"] = "true"
    return record(kind=f"OCK_{kind}", **fields)


def constraint_record(constraint):
    kind, most = constraint[:2] if constraint else ("UNCONSTRAINED", 0)
    return record(kind=f"OCK_{kind}", max_norm=number(most))


def cases():
    for name, (make, settings) in OPTIMIZERS.items():
        for case, (added, penalty, constraint) in CASES.items():
            yield f"{name}, {case}", make(**(settings | added)), penalty, constraint


# ---- One tensor ----


def run(optimizer, initial, gradients, penalty, constraint, rng=None):
    """The weights and their average after the steps; rng disturbs all that a step reads."""
    variable = keras.Variable(initial)
    variable.constraint = constraint[2]() if constraint else None
    optimizer = type(optimizer).from_config(optimizer.get_config())
    optimizer.build([variable])
    l1, l2 = f(penalty[0]), f(penalty[1])
    for g in gradients:
        if rng:
            kept = [variable] + [v for v in optimizer.variables
                                 if v.shape == variable.shape and len(v.shape)]
            for v in kept:
                v.assign(disturbed(rng, [np.array(v)])[0])
            (g,) = disturbed(rng, [g])
        w = np.array(variable)
        optimizer.apply([keras.ops.convert_to_tensor(g + l1 * np.sign(w) + 2 * l2 * w)])
    weights = flat([np.array(variable)])
    average = optimizer._model_variables_moving_average if optimizer.use_ema else [variable * 0]
    return np.concatenate([weights, flat([np.array(average[0])])])


def tensors():
    random = Random(71)
    gradients = random.normal(STEPS, ROWS, COLS)
    initial = random.normal(ROWS, COLS, scale=0.5)
    array("toolkit_initial", initial)
    print(f"static const float toolkit_gradients[{STEPS}][{ROWS * COLS}] = "
          + braces([floats(g) for g in gradients]) + ";")
    records = []
    for name, optimizer, penalty, constraint in cases():
        for vector in (False, True):
            if vector and not constraint:
                continue
            shape = (ROWS * COLS,) if vector else (ROWS, COLS)
            start, slopes = initial.reshape(shape), gradients.reshape(STEPS, *shape)
            after = run(optimizer, start, slopes, penalty, constraint)
            noisy = [run(optimizer, start, slopes, penalty, constraint, np.random.default_rng(i))
                     for i in range(NOISE_RUNS)]
            size = ROWS * COLS
            records.append(record(
                name=text(name + (", of a vector" if vector else "")),
                optimizer=optimizer_record(optimizer), penalty=penalty_record(*penalty),
                constraint=constraint_record(constraint), vector=text(vector),
                weights=floats(after[:size]), average=floats(after[size:]),
                spread=number(spread(after[None], [n[None] for n in noisy])[0])))
    table("toolkit_tensor", "toolkit_tensors", records)


# ---- A network ----


NETWORKS = ("adam, clip norm", "adam, global clip norm", "adam, unit-norm", "adam, all")


def trajectory(model, initial, x, y, rng=None):
    reset(model, initial)
    for _ in range(STEPS):
        inputs = x
        if rng:
            model.set_weights(disturbed(rng, model.get_weights()))
            (inputs,) = disturbed(rng, [x])
        model.reset_metrics()
        loss = float(model.train_on_batch(inputs, y))
    return np.concatenate([flat(model.get_weights()), [loss]])


def network_model(optimizer, penalty, constraint):
    options = dict(kernel_regularizer=regularizer(*penalty), bias_regularizer=regularizer(*penalty))
    if constraint:
        options |= dict(kernel_constraint=constraint[2](), bias_constraint=constraint[2]())
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "tanh", **options),
                              keras.layers.Dense(2, **options)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  run_eagerly=True)
    return model


def network():
    random = Random(72)
    x, y = random.normal(6, 3), np.array([0, 1, 1, 0, 1, 0])
    initial = [random.normal(3, 3, scale=0.6), random.normal(3, scale=0.1),
               random.normal(3, 2, scale=0.6), random.normal(2, scale=0.1)]
    array("toolkit_x", x)
    array("toolkit_labels", y, "int32_t")
    array("toolkit_weights", flat(initial))
    records = []
    for name, optimizer, penalty, constraint in cases():
        if name not in NETWORKS:
            continue
        model = network_model(optimizer, penalty, constraint)
        model.train_on_batch(x, y)  # makes the optimiser's variables
        after = trajectory(model, initial, x, y)
        noisy = [trajectory(model, initial, x, y, np.random.default_rng(i))
                 for i in range(NOISE_RUNS)]
        records.append(record(
            name=text(name), optimizer=optimizer_record(model.optimizer),
            penalty=penalty_record(*penalty), constraint=constraint_record(constraint),
            weights=floats(after[:-1]), loss=number(after[-1], single=False),
            spread=number(spread(after[None], [n[None] for n in noisy])[0])))
    table("toolkit_network", "toolkit_networks", records)


TOPICS = tensors, network
