"""The training step in Keras, on the backend that the first argument names.

Forms: fit (model.fit, ten steps an execution where the backend can), fit-xla (the same through
XLA, where that is not what fit does), and batch (train_on_batch on batches gathered by NumPy)."""

import os
import sys

BACKEND = sys.argv[1]
os.environ["KERAS_BACKEND"] = BACKEND
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

from worker import DROPOUT, INPUTS, L1, L2, OUTPUTS, Network, now, serve

NETWORK = Network(sys.argv[2:])
STEPS_PER_EXECUTION = 1 if BACKEND == "torch" else 10
FORMS = ["fit", "fit-xla", "batch"] if BACKEND == "tensorflow" else ["fit", "batch"]


def bind_threads():
    if BACKEND == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(NETWORK.threads)
    elif BACKEND == "torch":
        import torch

        torch.set_num_threads(NETWORK.threads)


def backend_version():
    module = __import__(BACKEND)
    return f"{BACKEND} {module.__version__}"


def create_model(technique, form):
    penalties = {"l1": keras.regularizers.L1(L1), "l2": keras.regularizers.L2(L2)}
    layers = [keras.Input((INPUTS,))]
    for _ in range(NETWORK.depth):
        layers.append(keras.layers.Dense(NETWORK.width, "relu",
                                         kernel_regularizer=penalties.get(technique)))
        if technique == "dropout":
            layers.append(keras.layers.Dropout(DROPOUT))
    model = keras.Sequential(layers + [keras.layers.Dense(OUTPUTS)])
    model.compile(
        keras.optimizers.Adam(1e-3, epsilon=1e-7),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"],
        jit_compile=False if BACKEND == "tensorflow" and form != "fit-xla" else "auto",
        steps_per_execution=1 if form == "batch" else STEPS_PER_EXECUTION)
    return model


class Clock(keras.callbacks.Callback):
    """Tells when a step was done, so that the set-up of a fit is no part of the time."""

    async_safe = True  # Keras then runs on while the callback waits for the step's figures

    def __init__(self, warm):
        super().__init__()
        self.last_warm, self.start = warm - 1, None

    def on_train_batch_end(self, batch, logs=None):
        if self.start is None and batch >= self.last_warm:
            self.start = now()


class Block:
    def __init__(self, data, technique, form):
        self.x, self.y = data
        self.model = create_model(technique, form)
        self.run = self.train_on_batch if form == "batch" else self.fit

    def fit(self, warm, steps):
        if warm % STEPS_PER_EXECUTION or steps % STEPS_PER_EXECUTION or not warm:
            raise ValueError(f"fit counts {STEPS_PER_EXECUTION} steps at a time")
        if warm + steps > NETWORK.rows // NETWORK.batch:
            raise ValueError(f"fit has {NETWORK.rows // NETWORK.batch} steps an epoch")
        clock = Clock(warm)
        history = self.model.fit(self.x, self.y, batch_size=NETWORK.batch, verbose=0,
                                 steps_per_epoch=warm + steps, callbacks=[clock])
        return now() - clock.start, history.history["loss"][0]

    def train_on_batch(self, warm, steps):
        order = np.random.permutation(NETWORK.rows)
        batches = order[: NETWORK.rows // NETWORK.batch * NETWORK.batch]
        batches = batches.reshape(-1, NETWORK.batch)
        for i in range(-warm, steps):
            if i == 0:
                start = now()
            rows = batches[i % len(batches)]
            loss = self.model.train_on_batch(self.x[rows], self.y[rows])[0]
        return now() - start, float(loss)


def main():
    bind_threads()
    generator = np.random.default_rng(1)
    data = (generator.random((NETWORK.rows, INPUTS), dtype=np.float32),
            generator.integers(0, OUTPUTS, NETWORK.rows).astype(np.int32))
    about = f"Keras {keras.__version__}, {backend_version()}, {NETWORK.threads} threads"
    forms = [(t, f) for t in ("plain", "l2", "l1", "dropout") for f in FORMS]
    serve(about, forms, lambda technique, form: Block(data, technique, form).run)


if __name__ == "__main__":
    main()
