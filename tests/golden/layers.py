"""Activity penalties: ten steps of a network, and fits with validation."""
import keras

from common import OPTIMIZERS, Random, penalty_record, regularizer, table
from steps import network_run
from training import write_fits

ACTIVITIES = {"l1": (0.05, 0), "l2": (0, 0.1), "both": (0.02, 0.03)}


def steps():
    """The network of steps.py, penalised at its hidden layer and at its probabilities."""
    records = []
    for name in "adam", "momentum":
        for kind, (l1, l2) in ACTIVITIES.items():
            activity = regularizer(l1, l2)
            model = keras.Sequential([
                keras.Input((3,)), keras.layers.Dense(3, "tanh", activity_regularizer=activity),
                keras.layers.Dense(2, "softmax", activity_regularizer=activity)])
            model.compile(OPTIMIZERS[name](), "sparse_categorical_crossentropy")
            records.append(network_run(model, f"{name}, activity {kind}",
                                       activity=penalty_record(l1, l2)))
    table("golden_network", "activity_runs", records)


def models(random):
    Dense, activity, weight = keras.layers.Dense, regularizer(0.01, 0.02), regularizer(0, 0.01)
    return [
        ("activity", [Dense(5, "relu", activity_regularizer=activity, kernel_regularizer=weight),
                      Dense(3, "softmax", activity_regularizer=activity)],
         OPTIMIZERS["adam"](), "sparse_categorical_crossentropy", random.labels(19, 3)),
        ("activity of products",
         [Dense(5, activity_regularizer=activity), keras.layers.Activation("tanh"),
          Dense(2, activity_regularizer=activity)],
         OPTIMIZERS["nesterov"](), "mean_squared_error", random.normal(19, 2)),
    ]


def fits():
    random = Random(16)
    table("golden_fit", "activity_fits", write_fits(random, models(random), first=10))


TOPICS = steps, fits
