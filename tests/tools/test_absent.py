"""What a build or a machine is without is told where it is asked for, with what would bring it."""

import unittest

from harness import HAS_LAPACK, HAS_OPENCL, HAS_PNG, QUERY, SMALL, Tools


class Absent(Tools):
    def refused(self, *args, **environment):
        done = self.train(*args, status=None, **environment)
        self.assertIn(done.returncode, (1, 2), done.stderr)
        return done.stderr

    @unittest.skipIf(HAS_PNG, "built with libspng")
    def test_png(self):
        (self.folder / "table.csv").write_text("filename,label\npicture.png,3\n")
        (self.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        self.assertRegex(self.refused("fit", "--data", "table.csv"),
                         r"picture\.png: .*-Dpng=enabled .*libspng-dev")
        self.assertRegex(self.refused("show", "--count", 2, "--png", "sheet.png"),
                         r"sheet\.png: .*-Dpng=enabled .*libspng-dev")

    @unittest.skipIf(HAS_LAPACK, "built with LAPACK")
    def test_zca(self):
        self.assertIn("-Dlapack=enabled", self.refused("fit", *SMALL, "--standardize", "zca:0.1"))

    @unittest.skipIf(HAS_OPENCL, "built with OpenCL")
    def test_opencl(self):
        for wish in ("gpu", "cpu", "0:0"):
            self.assertRegex(self.refused("fit", *SMALL, "--device", wish),
                             rf"{wish}(.|\n)*-Dopencl=enabled .*ocl-icd-opencl-dev")
        self.assertIn("-Dopencl=enabled", self.run_tool(QUERY, status=1).stdout)

    def test_no_driver(self):
        self.assertIn("gpu", self.refused("fit", *SMALL, "--device", "gpu",
                                          OCL_ICD_VENDORS="/nonexistent"))

    def test_gnuplot(self):
        self.assertIn("--plot a.svg: gnuplot is not installed",
                      self.refused("fit", *SMALL, "--plot", "a.svg", PATH="/nonexistent"))


if __name__ == "__main__":
    unittest.main()
