"""A wrong command line ends with status 2, and a message that names the flag, the value and what
would be right."""

import re
import shlex
import unittest
from pathlib import Path

from harness import BENCH, QUERY, SMALL, TRAIN, Tools, environment_of

COMMANDS = {
    TRAIN: ["study", "fit", "search", "evaluate", "predict", "show", "compact", "shrink", "best"],
    BENCH: ["matmul", "step", "optimizer", "startup", "tune", "first-step"],
    QUERY: [],
}


def examples(lines):
    """The command lines in a help's text, each on one line or continued by a backslash."""
    text = "\n".join(lines).replace("\\\n", " ")
    return (line for line in text.splitlines() if re.match(r"  (OCKHAM_\w+=\w+ )*ockham-", line))


WRONG = [
    ("fit --standardize zca:0", ["--standardize zca:0", "zca:EPSILON above 0"]),
    ("fit --standardize rescale=0", ["--standardize rescale=0", "rescale=X other than 0"]),
    ("fit --standardize featurewise-std,", ["some of samplewise-center, samplewise-std"]),
    ("fit --standardize std", ["--standardize std", "separated by commas"]),
    ("fit --standardize zca --save x", ["--standardize and --save: one of them at most"]),
    ("search --grid standardize=1,2", ["standardize", "the name of a setting"]),
    ("study --epochs 10x", ["--epochs 10x", "whole number from 1"]),
    ("study --epochs 0", ["--epochs 0", "whole number from 1"]),
    ("study --epochs -3", ["--epochs -3", "whole number from 1"]),
    ("study --epochs 1e3", ["--epochs 1e3", "whole number from 1"]),
    ("study --epochs", ["--epochs", "value is missing"]),
    ("study --batch 4294967296", ["--batch 4294967296", "to 2147483647"]),
    ("study --seed 18446744073709551616", ["--seed", "to 18446744073709551615"]),
    ("study --rows plain,l3", ["--rows plain,l3", "plain, l2, l1, dropout, zca, augment, early-stop"]),
    ("study --rows plain,", ["--rows plain,", "names out of"]),
    ("study --frob", ["--frob", "no such option", "study --help"]),
    ("study -x", ["-x", "no such option"]),
    ("study plain", ["plain", "no such argument"]),
    ("study --data /nonexistent", ["--data /nonexistent", "No such file", ".csv"]),
    ("study --json /nonexistent/a.json", ["--json /nonexistent/a.json", "No such file"]),
    ("study --csv .", ["--csv .", "Is a directory"]),
    ("study --json - --csv -", ["--json and --csv cannot both write to -"]),
    ("fit --save a --checkpoint a", ["--save and --checkpoint cannot both write to a"]),
    ("search --grid l2=0,1 --json j --resume j", ["--json and --resume cannot both write to j"]),
    ("fit --json none/", ["--json none/", "No such file"]),
    (f"fit --csv {300 * 'a'}", ["--csv aaa", "File name too long"]),
    (f"fit --csv {250 * 'a'}", ["--csv aaa", "File name too long"]),
    ("study --count 1", ["1 samples", "validate"]),
    ("fit --dropout 1", ["--dropout 1", "from 0 to below 1"]),
    ("fit --dropout -0.1", ["--dropout -0.1", "from 0 to below 1"]),
    ("fit --dropout nan", ["--dropout nan", "from 0 to below 1"]),
    ("fit --dropout 0,5", ["--dropout 0,5", "from 0 to below 1"]),
    ("fit --l1 -1e-4", ["--l1 -1e-4", "from 0"]),
    ("fit --l2 inf", ["--l2 inf", "from 0"]),
    ("fit --lr 0", ["--lr 0", "above 0"]),
    ("fit --lr 1e39", ["--lr 1e39", "above 0"]),
    ("fit --lr 0x1p-3", ["--lr 0x1p-3", "above 0"]),
    ("fit --hidden 500x", ["--hidden 500x", "WIDTHxTIMES"]),
    ("fit --hidden 500x65", ["--hidden 500x65", "64 layers"]),
    ("fit --hidden 0", ["--hidden 0", "widths from 1"]),
    ("fit --hidden 5,,5", ["--hidden 5,,5", "widths from 1"]),
    ("fit --activation softmax", ["--activation softmax", "leaky-relu"]),
    ("fit --optimizer lbfgs", ["--optimizer lbfgs", "adam, adamw, rmsprop or sgd"]),
    ("fit --momentum 0.9", ["--momentum", "--optimizer sgd"]),
    ("fit --nesterov", ["--nesterov", "--optimizer sgd"]),
    ("fit --weight-decay -1", ["--weight-decay -1", "from 0"]),
    ("fit --clip-value inf", ["--clip-value inf", "from 0"]),
    ("fit --proximal-l1", ["--proximal-l1", "--l1"]),
    ("fit --group-lasso -1", ["--group-lasso -1", "from 0"]),
    ("fit --bias-l1 x", ["--bias-l1 x", "from 0"]),
    ("fit --bias-l2 -0.1", ["--bias-l2 -0.1", "from 0"]),
    ("fit --max-norm -3", ["--max-norm -3", "from 0"]),
    ("fit --max-norm 3 --unit-norm", ["--max-norm", "--unit-norm", "one of them"]),
    ("fit --input-dropout 1", ["--input-dropout 1", "from 0 to below 1"]),
    ("fit --initializer zeros", ["--initializer zeros", "he-normal"]),
    ("fit --schedule linear", ["--schedule linear", "cosine", "exponential:RATE:EPOCHS"]),
    ("fit --schedule step:.5", ["--schedule step:.5", "step:RATE:EPOCHS"]),
    ("fit --schedule step:0:5", ["--schedule step:0:5", "above 0"]),
    ("fit --schedule cosine:2", ["--schedule cosine:2", "from 0 to 1"]),
    ("fit --warmup -1", ["--warmup -1", "from 0"]),
    ("fit --warmup 11", ["--warmup", "--epochs"]),
    ("fit --plateau speed:2", ["--plateau speed:2", "MONITOR:PATIENCE"]),
    ("fit --plateau loss:2 --schedule cosine", ["--plateau", "--schedule"]),
    ("fit --plateau val_loss:2 --validation-split 0", ["--plateau val_loss", "--validation-split"]),
    ("fit --plateau-factor 1", ["--plateau-factor 1", "below 1"]),
    ("fit --ema 1", ["--ema 1", "from 0 to below 1"]),
    ("fit --ema .9 --swa 1", ["--ema", "--swa", "one of them"]),
    ("fit --swa 11", ["--swa", "--epochs"]),
    ("fit --baseline nan", ["--baseline nan", "a number"]),
    ("fit --mode best", ["--mode best", "auto, min or max"]),
    ("fit --min-delta 1", ["--min-delta", "--early-stop"]),
    ("fit --start-from-epoch -1", ["--start-from-epoch -1", "from 0"]),
    ("fit --optimizer sgd --nesterov", ["--nesterov", "--momentum"]),
    ("fit --early-stop val_accuracy", ["--early-stop val_accuracy", "MONITOR:PATIENCE"]),
    ("fit --early-stop speed:2", ["--early-stop speed:2", "val_"]),
    ("fit --early-stop loss:-1", ["--early-stop loss:-1", "MONITOR:PATIENCE"]),
    ("fit --early-stop val_loss:2 --validation-split 0", ["val_loss", "--validation-split"]),
    ("fit --restore-best", ["--restore-best", "--early-stop"]),
    ("fit --validation-split 1", ["--validation-split 1", "below 1"]),
    ("shrink --validation-split 0", ["--validation-split must be above 0"]),
    ("fit --batch-norm=3", ["--batch-norm=3", "no value"]),
    ("fit --save /nonexistent/net", ["--save /nonexistent/net", "No such file"]),
    ("fit --save /dev/null", ["--save /dev/null", "a regular file"]),
    ("fit --save -", ["--save -", "a regular file"]),
    ("evaluate", ["--load is missing"]),
    ("evaluate --load /nonexistent", ["--load /nonexistent", "No such file"]),
    ("predict --load /nonexistent", ["--load /nonexistent", "fit --save"]),
    ("fit --clip-norm 1 --clip-value 1", ["--clip-norm", "one of them at most"]),
    ("fit --label-smoothing 1.5", ["--label-smoothing 1.5", "from 0 to 1"]),
    ("fit --mixup -1", ["--mixup -1", "from 0"]),
    ("fit --class-weights 1,x", ["--class-weights 1,x", "separated by commas"]),
    ("fit --l1 -1", ["--l1 -1", "from 0"]),
    ("study --plot curves.pdf", ["--plot curves.pdf", ".svg or .png"]),
    ("show --count 0", ["--count 0", "whole number from 1"]),
    ("show --data digits --count 2 --device nosuch", ["nosuch", "scalar plain C"]),
    ("frob", ["frob", "no such command", "Usage"]),
    ("", ["Usage"]),
]


class Options(Tools):
    def test_wrong(self):
        for line, words in WRONG:
            with self.subTest(line):
                done = self.train(*line.split(), status=2)
                self.assertNotIn("\n  --", done.stderr, "an error is no manual")
                for word in words:
                    self.assertIn(word, done.stderr)
        self.assertEqual([*self.folder.iterdir()], [])

    def test_empty_value(self):
        self.assertIn("--count ''", self.train("study", "--count", "", status=2).stderr)

    def test_slips(self):
        """A word that is nearly right is told what it may have been; one that is not, where to look."""
        for line, word in [("fit --drpout .5", "did you mean --dropout?"),
                           ("fit --ephocs=3", "did you mean --epochs?"),
                           ("search --leraning-rate 1", "search --help-all lists them"),
                           ("fit --xy", "fit --help-all lists them"),
                           ("fit --clip", "fit --help-all lists them"),
                           ("fit --" + "dropout" * 9, "fit --help-all lists them"),
                           ("study --hidden 500", "no option of study, but of fit, search, shrink"),
                           ("best --l2=1", "no option of best, but of fit, search"),
                           ("search --grid droput=0,.5", "did you mean dropout?"),
                           ("search --grid lr=1 --grid layer=1", "did you mean layers?"),
                           ("search --random 3", "as --grid l2=0,1e-4"),
                           ("evalute", "did you mean evaluate?"),
                           ("e", "Usage")]:
            with self.subTest(line):
                self.assertIn(word, self.train(*line.split(), status=2).stderr)

    def test_help_fits_a_screen(self):
        for program, commands in COMMANDS.items():
            for command in [None, *commands]:
                with self.subTest(program=program, command=command):
                    lines = self.help_of(program, command)
                    self.assertLessEqual(len(lines), 23)  # of 24, the last of which is the prompt's
                    self.assertLessEqual(max(map(len, lines)), 80)
                    self.assertIn(len(list(examples(lines))), (2, 3))

    def test_help_all(self):
        """It has what --help has, and more where that says so; no more than a manual's width."""
        for program in (TRAIN, BENCH):
            for command in COMMANDS[program]:
                with self.subTest(program=program, command=command):
                    some = self.help_of(program, command)
                    every = self.run_tool(program, command, "--help-all").stdout.splitlines()
                    self.assertLessEqual(max(map(len, every)), 80)
                    rows = {line for line in some if line.startswith("  --")}
                    self.assertLessEqual(rows, set(every))
                    self.assertEqual(some[-1].endswith("More: --help-all"), len(some) < len(every))

    def test_examples_are_right(self):
        """Those of --help are command lines: --help behind them ends each when it has been read."""
        self.write_idx("mnist", 20, 28, 28)
        self.train("fit", *SMALL, "--save", "net.safetensors")
        for program, commands in COMMANDS.items():
            for command in [None, *commands]:
                for example in examples(self.help_of(program, command)):
                    with self.subTest(example):
                        settings, words = environment_of(shlex.split(example))
                        self.assertEqual(words[0], Path(program).name)
                        done = self.run_tool(program, *words[1:], "--help", **settings)
                        self.assertTrue(done.stdout.startswith("Usage: "))

    def help_of(self, program, command):
        words = [command] if command else []
        return self.run_tool(program, *words, "--help").stdout.splitlines()

    def test_version(self):
        for program in (TRAIN, QUERY):
            self.assertRegex(self.run_tool(program, "--version").stdout, r"^ockham-\w+ \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
