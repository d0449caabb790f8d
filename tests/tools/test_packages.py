"""The same files by the real packages, where python3 has them: NumPy, PyTorch, safetensors and
TensorBoard."""

import csv
import importlib.util
import sys
import unittest

from harness import Tools

MISSING = [name for name in ("numpy", "torch", "safetensors", "tensorboard")
           if not importlib.util.find_spec(name)]


def needs(*names):
    return unittest.skipIf(set(names) & set(MISSING), f"needs {' and '.join(names)}")


class Packages(Tools):
    def fit(self, *args, **more):
        return self.train("fit", "--device", "scalar", "--hidden", "8x2", "--batch-norm",
                          "--epochs", 2, *args, **more)

    @needs("numpy")
    def test_numpy(self):
        import numpy
        random = numpy.random.default_rng(128)
        labels = random.integers(0, 5, 200)
        pictures = (random.random((200, 6, 7)) * 255).astype(numpy.uint8)
        losses = set()
        for convert in (lambda x: x, lambda x: numpy.asfortranarray(x),
                        lambda x: x.astype(numpy.float32) / numpy.float32(255),
                        lambda x: (x.astype(numpy.float32) / numpy.float32(255)).astype(">f8"),
                        lambda x: (x / numpy.float32(255)).reshape(200, 42)):
            numpy.save(self.folder / "x_train.npy", convert(pictures))
            for kind in (numpy.uint8, numpy.int64, ">i4", numpy.float32):
                numpy.save(self.folder / "y_train.npy", labels.astype(kind))
                self.fit("--data", self.folder, "--save", "net", "--csv", "fit.csv")
                with open(self.folder / "fit.csv", newline="") as file:
                    losses.add(list(csv.DictReader(file))[-1]["loss"])
        self.assertEqual(len(losses), 1, losses)
        self.train("predict", "--load", "net", "--data", self.folder, "--out", "p.npy")
        p = numpy.load(self.folder / "p.npy")
        self.assertEqual((p.shape, p.dtype), ((200, 5), numpy.float32))
        numpy.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)

    @needs("torch", "safetensors")
    def test_weights_to_python_and_back(self):
        import torch
        from safetensors import safe_open
        from safetensors.torch import load_file, save_file
        small = ["--count", 300, "--seed", 7]
        self.fit(*small, "--save", "net")
        weights = load_file(self.folder / "net")
        self.assertEqual(weights["0.kernel"].shape, (784, 8))
        save_file(dict(reversed(weights.items())), self.folder / "python")
        still = [*small, "--optimizer", "sgd", "--lr", "1e-30"]
        self.fit(*still, "--weights", "python", "--save", "back")
        back = load_file(self.folder / "back")
        self.assertEqual(back.keys(), weights.keys())
        for name, tensor in weights.items():
            if not name.endswith((".mean", ".variance")):  # batch norm's, which go on
                torch.testing.assert_close(back[name], tensor, rtol=0, atol=1e-27)

        # with the list of layers it is a network by itself
        with safe_open(self.folder / "net", "pt") as file:
            save_file(weights, self.folder / "whole", metadata=file.metadata())
        answers = [self.train("evaluate", "--load", name, *small[:2], "--device", "scalar").stdout
                   for name in ("net", "whole")]
        self.assertEqual(*answers)

    @needs("torch", "safetensors")
    def test_weights_that_are_wrong(self):
        import torch
        from safetensors.torch import load_file, save_file
        small = ["--count", 300]
        self.fit(*small, "--save", "net")
        weights = load_file(self.folder / "net")
        for kind in (torch.float16, torch.bfloat16, torch.float64):
            save_file({**weights, "0.kernel": weights["0.kernel"].to(kind)}, self.folder / "bad")
            done = self.fit(*small, "--weights", "bad", status=1)
            self.assertRegex(done.stderr, r"tensor 0\.kernel is of dtype B?F(16|64), but must be F32")
        save_file({**weights, "0.kernel": weights["0.kernel"].T.contiguous()}, self.folder / "bad")
        self.assertIn("transposed", self.fit(*small, "--weights", "bad", status=1).stderr)

    @needs("torch", "safetensors")
    def test_a_checkpoint_is_read(self):
        from safetensors.torch import load_file
        self.fit("--count", 300, "--checkpoint", "run")
        tensors = load_file(self.folder / "run")
        self.assertTrue((tensors["moment2.0.kernel"] >= 0).all())

    @needs("tensorboard")
    def test_tensorboard(self):
        from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
        self.train("study", "--rows", "plain,l2", "--count", 300, "--epochs", 2, "--device",
                   "scalar", "--tensorboard", "logs", "--csv", "study.csv")
        runs = EventMultiplexer().AddRunsFromDirectory(str(self.folder / "logs")).Reload()
        self.assertEqual(runs.Runs().keys(), {"plain", "l2"})
        with open(self.folder / "study.csv", newline="") as file:
            for row in csv.DictReader(file):
                for tag in row.keys() - {"row", "epoch", "steps"}:
                    values = {event.step: event.value for event in runs.Scalars(row["row"], tag)}
                    self.assertAlmostEqual(values[int(row["epoch"])], float(row[tag]), delta=1e-3)


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    if not done.wasSuccessful():
        sys.exit(1)
    if MISSING:
        print("not installed for python3, and skipped:", ", ".join(MISSING))
        sys.exit(77)
