"""Losses with label smoothing and weights of rows; fits with weights of samples and of classes."""
import keras
import numpy as np

from common import OPTIMIZERS, Random, array, f32, number, table
from operations import loss_records
from training import METRICS, write_fits

SMOOTHING = float(f32(0.1))


def losses():
    random = Random(21)
    z, soft = random.normal(8, 5, scale=3), f32(random.rng.dirichlet(np.ones(5), 8))
    labels, weights = random.labels(8, 5), f32(random.rng.uniform(0, 3, 8))
    binary, values = random.normal(8, 3, scale=3), random.normal(8, 3, scale=10)
    hard, shares = random.rng.integers(0, 2, (8, 3)).astype(float), random.uniform(8, 3)
    weights[2] = 0
    array("row_weights", weights)
    new, cases = keras.losses, []
    metrics = keras.metrics
    count_binary = lambda y, p: np.mean(metrics.binary_accuracy(y, p, threshold=0), -1)
    for s in 0, SMOOTHING, 1:
        categorical = new.CategoricalCrossentropy(from_logits=True, label_smoothing=s)
        two = new.BinaryCrossentropy(from_logits=True, label_smoothing=s)
        for name, kind, loss, p, y, count in (
                ("labels", "SOFTMAX", categorical, z, labels, metrics.sparse_categorical_accuracy),
                ("soft targets", "SOFTMAX", categorical, z, soft, metrics.categorical_accuracy),
                ("binary", "BINARY", two, binary, hard, count_binary),
                ("binary, soft targets", "BINARY", two, binary, shares, None)):
            for w in None, weights:
                if s or w is not None:
                    title = f"{name}, smoothing {s:.1f}" + (", weights" if w is not None else "")
                    cases.append((title, kind, loss, p, y, count, s, w))
    cases.append(("squared, weights", None, new.MeanSquaredError(), values, random.normal(8, 3),
                  None, 0, weights))
    table("golden_loss", "label_cases", loss_records(cases, "label"))


def fits():
    random = Random(22)
    Dense = keras.layers.Dense
    softmax = lambda: [Dense(5, "relu"), Dense(3, "softmax")]
    sigmoid = lambda: [Dense(5, "tanh"), Dense(2, "sigmoid")]
    weights, of_classes = f32(random.rng.uniform(0, 3, 19)), f32([0.5, 2, 1.25])
    array("fit_row_weights", weights)
    array("fit_class_weights", of_classes)
    one_hot = np.eye(2)[random.labels(19, 2)]
    models = [
        ("sample weights", softmax(), OPTIMIZERS["adam"](), "sparse_categorical_crossentropy",
         random.labels(19, 3)),
        ("class weights", softmax(), OPTIMIZERS["momentum"](), "sparse_categorical_crossentropy",
         random.labels(19, 3)),
        ("class weights of targets", sigmoid(), OPTIMIZERS["adam"](), "binary_crossentropy",
         one_hot),
        ("smoothing", sigmoid(), OPTIMIZERS["nesterov"](),
         keras.losses.BinaryCrossentropy(label_smoothing=SMOOTHING), one_hot),
    ]
    classes = {"classes": {i: float(w) for i, w in enumerate(of_classes)}}
    weighing = {
        "sample weights": ({"weights": weights}, {"row_weights": "fit_row_weights"}),
        "class weights": (classes, {"class_weights": "fit_class_weights"}),
        "class weights of targets": (classes, {"class_weights": "fit_class_weights"}),
        "smoothing": ({}, {"smoothing": number(SMOOTHING)}),
    }
    METRICS.update({name: METRICS["softmax" if "sparse" in str(loss) else "binary"]
                    for name, _, _, loss, _ in models})
    table("golden_fit", "label_fits", write_fits(random, models, 20, weighing))


TOPICS = losses, fits
