"""Makes the files in stored/, by the real packages: NumPy, PyTorch and safetensors.

  store.py OCKHAM_TRAIN

Arrays in three forms, and weights as safetensors.torch saves them; then what ockham-train makes of
them, which is stored once the packages have read the same from it."""

import subprocess
import sys
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file, save_file

STORED = Path(__file__).parent / "stored"


def save_arrays(name, convert):
    folder = STORED / name
    folder.mkdir(parents=True, exist_ok=True)
    x = numpy.arange(24, dtype=numpy.float32).reshape(6, 2, 2) / 16 - 0.5
    numpy.save(folder / "x_train.npy", convert(x))
    numpy.save(folder / "y_train.npy", numpy.array([0, 1, 0, 1, 1, 0], dtype=numpy.int64))


save_arrays("c", lambda x: x)
save_arrays("fortran", lambda x: numpy.asfortranarray(x.astype(numpy.float64)))
save_arrays("big", lambda x: x.astype(">f4"))
generator = torch.Generator().manual_seed(128)
weights = {name: torch.randn(shape, generator=generator)
           for name, shape in {"0.kernel": (4, 3), "0.bias": (3,), "1.kernel": (3, 2),
                               "1.bias": (2,)}.items()}
save_file(weights, STORED / "weights.safetensors")

ours, predictions = STORED / "ours.safetensors", STORED / "ours.npy"
same = ["--data", STORED / "c", "--device", "scalar"]
subprocess.run([sys.argv[1], "fit", *same, "--hidden", "3", "--weights", STORED / "weights.safetensors",
                "--optimizer", "sgd", "--lr", "1e-30", "--epochs", "1", "--batch", "10",
                "--validation-split", "0", "--save", ours], check=True, stdout=subprocess.DEVNULL)
subprocess.run([sys.argv[1], "predict", *same, "--load", ours, "--out", predictions], check=True,
               stdout=subprocess.DEVNULL)
read = load_file(ours)
assert read.keys() == weights.keys() and all(torch.equal(read[name], weights[name]) for name in read)
x = torch.from_numpy(numpy.load(STORED / "c" / "x_train.npy")).reshape(6, 4)
hidden = torch.relu(x @ weights["0.kernel"] + weights["0.bias"])
expected = torch.softmax(hidden @ weights["1.kernel"] + weights["1.bias"], 1)
torch.testing.assert_close(torch.from_numpy(numpy.load(predictions)), expected)
