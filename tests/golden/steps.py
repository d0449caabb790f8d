"""Ten steps of each optimiser with each penalty: of one kernel, and of a network."""
import keras
import numpy as np

from common import (NOISE_RUNS, OPTIMIZERS, Random, array, braces, disturbed, doubles, flat, floats,
                    integers, optimizer_record, penalty_record, record, regularizer, reset, spread,
                    table, text)

STEPS = 10
# l1 and l2 of the kernels, l1 and l2 of the biases
PENALTIES = {"plain": (0, 0, 0, 0), "l1": (0.01, 0, 0, 0), "l2": (0, 0.02, 0, 0),
             "both and bias": (0.01, 0.02, 0.005, 0.03)}


def single_model(rows, cols, make, l1, l2):
    """Fed with the identity it puts out its kernel W; the data loss is the sum of G * W."""
    model = keras.Sequential([
        keras.Input((rows,)),
        keras.layers.Dense(cols, use_bias=False, kernel_regularizer=regularizer(l1, l2))])
    model.compile(make(), loss=lambda g, w: rows * keras.ops.sum(g * w, -1))
    return model


def single():
    random = Random(1)
    rows, cols = 2, 5
    scale = [1e4, 1, 0.1, 1e-3, 1, 1e-4, 1e-6, 1e-8, 1e-30, 0]
    gradients = random.normal(STEPS, rows * cols)
    gradients = (gradients * np.float32(scale)).astype(np.float32).astype(float)
    initial = random.normal(rows * cols, scale=0.5)
    initial[[4, 9]] = 0  # one that moves, and one without a gradient that must stay
    array("single_initial", initial)
    print(f"static const float single_gradients[{STEPS}][{rows * cols}] = "
          + braces([floats(g) for g in gradients]) + ";")
    records = []
    for name, make in OPTIMIZERS.items():
        for penalty, (l1, l2, _, _) in PENALTIES.items():
            model = single_model(rows, cols, make, l1, l2)
            model.set_weights([initial.reshape(rows, cols)])
            weights, penalties = [], []
            for g in gradients:
                penalties.append(float(sum(model.losses)))
                model.train_on_batch(np.eye(rows), g.reshape(rows, cols))
                weights.append(flat(model.get_weights()))
            records.append(record(name=text(f"{name}, {penalty}"),
                                  optimizer=optimizer_record(model.optimizer),
                                  penalty=penalty_record(l1, l2), penalties=doubles(penalties),
                                  weights=braces([floats(w) for w in weights])))
    table("golden_single", "single_runs", records)


def trajectory(model, initial, x, y, rng=None):
    reset(model, initial)
    weights, losses = [], []
    for _ in range(STEPS):
        inputs = x
        if rng:
            model.set_weights(disturbed(rng, model.get_weights()))
            (inputs,) = disturbed(rng, [x])
        model.reset_metrics()
        losses.append(float(model.train_on_batch(inputs, y)))
        weights.append(flat(model.get_weights()))
    return np.array(weights), np.array(losses)


def network_model(make, l1, l2, bias_l1, bias_l2):
    regularizers = dict(kernel_regularizer=regularizer(l1, l2),
                        bias_regularizer=regularizer(bias_l1, bias_l2))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "tanh", **regularizers),
                              keras.layers.Dense(2, **regularizers)])
    model.compile(make(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def network_data():
    random = Random(2)
    x, y = random.normal(6, 3), np.array([0, 1, 1, 0, 1, 0])
    initial = [random.normal(3, 3, scale=0.6), random.normal(3, scale=0.1),
               random.normal(3, 2, scale=0.6), random.normal(2, scale=0.1)]
    x[:, 1], initial[0][1] = 0, 0  # an input that is never lit: its weights must stay 0
    return x, y, initial


def network_run(model, name, **settings):
    x, y, initial = network_data()
    model.train_on_batch(x, y)  # makes the optimiser's variables
    weights, losses = trajectory(model, initial, x, y)
    noisy = [trajectory(model, initial, x, y, np.random.default_rng(i))
             for i in range(NOISE_RUNS)]
    return record(
        name=text(name), optimizer=optimizer_record(model.optimizer), **settings,
        losses=doubles(losses), loss_spread=floats(spread(losses, [n[1] for n in noisy])),
        weights=braces([floats(w) for w in weights]),
        weight_spread=floats(spread(weights, [n[0] for n in noisy])))


def network():
    x, y, initial = network_data()
    array("network_x", x)
    print(f"static const int32_t network_labels[6] = {integers(y)};")
    array("network_initial", flat(initial))
    records = []
    for name, make in OPTIMIZERS.items():
        for penalty, (l1, l2, bias_l1, bias_l2) in PENALTIES.items():
            model = network_model(make, l1, l2, bias_l1, bias_l2)
            records.append(network_run(model, f"{name}, {penalty}",
                                       kernel=penalty_record(l1, l2),
                                       bias=penalty_record(bias_l1, bias_l2)))
    table("golden_network", "network_runs", records)


TOPICS = single, network
