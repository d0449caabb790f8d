"""The best network: seeds, the test pictures, and what each ingredient adds."""

import re
import signal
import unittest

from harness import Tools

TINY = ["--count", 600, "--device", "scalar"]


class Best(Tools):
    def best(self, *args, **more):
        return self.train("best", *TINY, *args, **more)

    def rows(self, done, head):
        table = re.split(rf"^{head} +training .*\n", done.stdout, flags=re.M)[1]
        return [line.split() for line in table.split("\n\n")[0].strip().splitlines()]

    def test_seeds_and_their_mean(self):
        done = self.best("--epochs", 1, "--seeds", 2, "--seed", 7)
        first, second, mean = self.rows(done, "seed")
        self.assertEqual([first[0], second[0], mean[0]], ["7", "8", "mean"])
        self.assertNotEqual(first[1:3], second[1:3])
        for row in first, second:
            self.assertEqual(int(row[3]), round(100 - float(row[2][:-1])), "of 100 that are kept back")
        accuracies = [float(row[2][:-1]) for row in (first, second)]
        self.assertAlmostEqual(float(mean[1][:-1]), sum(accuracies) / 2, delta=0.011)
        self.assertIn("validation", done.stdout)

    def test_test_pictures_are_judged_once_and_no_picture_is_kept_back(self):
        done = self.best("--epochs", 1, "--seeds", 1, "--test")
        (row,) = self.rows(done, "seed")
        self.assertIn("test digits", done.stdout)
        self.assertNotIn("val loss", done.stdout)
        self.assertEqual(int(row[3]), round(6 * (100 - float(row[2][:-1]))), "of 600")

    def test_ctrl_c_keeps_the_seeds_and_says_how_to_go_on(self):
        """What the test pictures judged is not judged anew."""
        long = ["--epochs", 3, "--seeds", 2, "--test"]
        whole = self.rows(self.best(*long), "seed")
        status, _, command = self.stop(signal.SIGINT, "best", *TINY, *long, after="129 ")
        self.assertEqual(status, 130)
        done = self.go_on(command)
        self.assertNotIn("128          1/3", done.stdout)
        self.assertNotIn("129          1/3", done.stdout)
        self.assertEqual([row[:4] for row in self.rows(done, "seed")], [row[:4] for row in whole])

    def test_ablation(self):
        done = self.best("--epochs", 1, "--ablate")
        names = [re.match(r"(\+ )?\S+", line)[0] for line in
                 re.split(r"^ingredients .*\n", done.stdout, flags=re.M)[1].splitlines()[:7]]
        self.assertEqual(names, ["plain", "+ schedule", "+ averaging", "+ dropout", "+ max-norm",
                                 "+ affine", "+ elastic"])

    def test_pictures_of_another_size_to_test_on(self):
        folder, other = self.write_idx("digits", 60, 28, 28), self.write_idx("other", 60, 20, 20)
        for file in other.iterdir():
            file.rename(folder / file.name.replace("train", "t10k"))
        done = self.train("best", "--data", folder, "--test", "--epochs", 1, "--device", "scalar",
                          status=1)
        self.assertIn("the samples are 28 x 28 x 1, but those to test on 20 x 20 x 1", done.stderr)
        self.assertNotIn("loss", done.stdout, "nothing was trained")

    def test_choosing_by_test_pictures_is_refused(self):
        done = self.best("--ablate", "--test", status=2)
        self.assertIn("--ablate", done.stderr)
        self.assertIn("validation", done.stderr)


if __name__ == "__main__":
    unittest.main()
