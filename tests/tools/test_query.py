"""ockham-query says what there is, whatever there is, and its document is whole whatever happens."""

import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from harness import HAS_DRIVERS, HAS_OPENCL, QUERY, TIMEOUT_S, Tools
from query_document import jsonschema, read_document

VENDORS = Path("/etc/OpenCL/vendors")
POCL = {"OCL_ICD_VENDORS": str(VENDORS / "pocl.icd"), "OCKHAM_DEVICE": ""}
NONE = {"OCL_ICD_VENDORS": "/nonexistent", "OCKHAM_DEVICE": ""}
OCLGRIND = Path("/usr/lib/oclgrind/liboclgrind-rt-icd.so")


def needs(driver):
    return unittest.skipUnless(HAS_DRIVERS and driver.exists(), f"there is no {driver}")


has_pocl = needs(VENDORS / "pocl.icd")


class Query(Tools):
    def ask(self, *args, status=0, **environment):
        """The programs' output, as bytes."""
        done = subprocess.run([QUERY, *args], capture_output=True, timeout=TIMEOUT_S,
                              env={**os.environ, **environment}, cwd=self.folder)
        self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def document(self, *args, status=0, **environment):
        document = read_document(self.ask("--json", *args, status=status, **environment).stdout)
        self.assertEqual(document["exit_status"], status)
        return document

    def shown(self, *args, **more):
        return self.ask(*args, **more).stdout.decode()

    def check_scalar(self, document):
        scalar = document["devices"][-1]
        self.assertEqual((scalar["id"], scalar["stable_name"]), ("scalar", "scalar"))
        self.check_test(scalar)
        self.assertTrue(all(test["ulps"] == 0 for test in scalar["self_test"]["operations"]))

    def check_test(self, device):
        test = device["self_test"]
        self.assertEqual(test["status"], "OCK_OK", test)
        self.assertEqual(test["passed"], test["run"])
        self.assertEqual(len(test["operations"]), test["run"])
        self.assertGreater(test["run"], 0)

    # ---- What there is ----

    def check_machine(self, status=0, **environment):
        document = self.document(status=status, **environment)
        self.check_scalar(document)
        chosen = [device["id"] for device in document["devices"] if device["chosen"]]
        self.assertEqual([document["chosen"]], chosen)
        self.assertIn(document["chosen"], document["why"])
        return document

    @has_pocl
    def test_this_machine(self):
        """As the setup has it, which may be without a driver."""
        status = int(os.environ.get("OCL_ICD_VENDORS") == NONE["OCL_ICD_VENDORS"])
        document = self.check_machine(status, OCKHAM_DEVICE="")
        shown = self.shown("--no-self-test", status=status, OCKHAM_DEVICE="")
        for device in document["devices"]:
            mark = "*" if device["chosen"] else " "
            self.assertIn(f"\n{mark} {device['id']} ", shown)
            self.assertTrue(device["id"] == "scalar" or device["stable_name"] in shown)
        for skipped in document["skipped"]:
            self.assertIn(skipped["reason"], " ".join(shown.split()))
        self.assertLessEqual(max(map(len, shown.splitlines())), 100)

    @has_pocl
    def test_pocl(self):
        document = self.check_machine(**POCL)
        device = document["devices"][0]
        self.check_test(device)
        self.assertEqual(document["skipped"], [])
        self.assertEqual((device["id"], device["type"]), ("0:0", "cpu"))
        self.assertRegex(device["stable_name"], "^portable-computing-language/")
        self.assertTrue(device["language"].startswith("OpenCL C "))

    @has_pocl
    def test_speed(self):
        """It is measured once."""
        kept = {"OCKHAM_PROBE": "", "OCKHAM_CACHE": str(self.folder / "cache"),
                "TMPDIR": str(self.folder), **POCL}
        document = self.document("-d", "cpu", **kept)
        device, = document["devices"]
        for figure in ("peak_gflops", "stream_gbs", "step_seconds", "launch_seconds", "warm_seconds"):
            self.assertGreater(device[figure], 0, figure)
        self.assertGreater(device["cold_seconds"], device["warm_seconds"])
        self.assertEqual(self.document("-d", "cpu", **kept)["devices"][0]["step_seconds"],
                         device["step_seconds"])
        bare = self.document("-d", "cpu", "--no-measure", **kept)["devices"][0]
        self.assertIsNone(bare["step_seconds"])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["cache"])
        line = next(line for line in self.shown(**kept).splitlines() if " 0:0 " in line)
        self.assertNotIn("-", line.split())

    @has_pocl
    def test_a_query_that_is_ended_leaves_nothing(self):
        """Also while it measures, by a helper that takes its time."""
        helper, temporary = self.folder / "helper", self.folder / "temporary"
        version = self.shown("--version").split()[1]
        helper.write_text(f"""#!/bin/sh
            echo ockham-probe {version} >&3
            [ $# = 5 ] || exec echo done >&3
            touch "$5/kernel"; exec sleep 30""")
        helper.chmod(0o700)
        temporary.mkdir()
        environment = {**os.environ, **POCL, "OCKHAM_PROBE": str(helper), "TMPDIR": str(temporary),
                       "OCKHAM_CACHE": str(self.folder / "cache")}
        for ended in (5, -signal.SIGINT):
            limit = "2" if ended == 5 else "60"
            with subprocess.Popen([QUERY, "--no-self-test", "-d", "cpu", "--timeout", limit],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=environment, start_new_session=True) as query:
                while query.poll() is None and not list(temporary.glob("**/kernel")):
                    time.sleep(0.01)
                if ended == -signal.SIGINT:
                    os.killpg(query.pid, signal.SIGINT)
            self.assertEqual(query.returncode, ended)
            self.assertEqual(list(temporary.iterdir()), [])

    @needs(VENDORS / "rusticl.icd")
    def test_rusticl(self):
        rusticl = {"OCL_ICD_VENDORS": str(VENDORS / "rusticl.icd"), "OCKHAM_DEVICE": ""}
        document = self.check_machine(RUSTICL_ENABLE="llvmpipe", **rusticl)
        self.check_test(document["devices"][0])
        self.assertFalse(document["devices"][0]["fp64"])
        bare = self.document("--no-self-test", status=1, **rusticl)
        self.assertIn("RUSTICL_ENABLE", bare["skipped"][0]["reason"])

    @needs(OCLGRIND)
    def test_oclgrind(self):
        document = self.document("-d", "oclgrind", OCL_ICD_VENDORS=str(OCLGRIND), OCKHAM_TUNE="0")
        device, = document["devices"]
        self.check_test(device)
        self.assertEqual(document["chosen"], device["id"])

    def test_without_driver(self):
        document = self.document(status=1, **NONE)
        self.check_scalar(document)
        self.assertEqual(document["chosen"], "scalar")
        self.assertEqual(len(document["devices"]), 1)
        self.assertEqual(len(document["skipped"]), 1)
        shown = self.shown("--no-self-test", status=1, **NONE)
        self.assertIn("skipped", shown)
        advice = document["skipped"][0]["advice"]
        self.assertEqual(bool(advice), HAS_OPENCL) # without it the reason itself tells
        for line in advice:
            self.assertIn(line, shown)
        if HAS_OPENCL and "\nID=debian" in Path("/etc/os-release").read_text():
            self.assertIn("apt install pocl-opencl-icd", advice[0])

    def test_nothing_where_drivers_are_said_to_be(self):
        if HAS_OPENCL:
            document = self.document("--no-measure", status=1, OCKHAM_PROBE="", **NONE)
            self.assertEqual(document["skipped"][1]["name"], "/nonexistent")
            self.assertIn("cannot open", document["skipped"][1]["reason"])

    # ---- Wishes ----

    def test_wish_that_cannot_be_met(self):
        """By the environment, whatever else there is is shown."""
        document = self.document("--no-self-test", status=3, OCKHAM_DEVICE="nosuch")
        self.assertIsNone(document["chosen"])
        self.assertEqual(document["status"], "OCK_DEVICE_NOT_FOUND")
        self.assertIn("nosuch", document["why"])
        self.assertIsNone(document["devices"][-1]["self_test"])
        odd = 'a"\\\t\x7f\N{EURO SIGN}'
        document = self.document("--no-self-test", "-d", odd, status=3)
        self.assertEqual(document["devices"], [])
        self.assertIn(odd, document["why"])
        done = self.ask("-d", "nosuch", status=3)
        self.assertIn(b"chose none\n", done.stdout)
        self.assertIn(b'ockham-query: no device is called "nosuch"; there are:', done.stderr)
        controls = b"\xff\xc3\x1b[2J\xc2\x9b3m\r\x7f"  # of terminals, too, by ESC and by C1
        read_document(self.ask("--json", "-d", controls, status=3).stdout)
        self.assertIn(b'"???[2J??3m??"', self.ask("-d", controls, status=3).stderr)

    def test_wish_selects(self):
        document = self.document("--no-self-test", "--device", "scalar")
        self.assertEqual([device["id"] for device in document["devices"]], ["scalar"])
        self.assertEqual(document["chosen"], "scalar")
        shown = self.shown("-d", "scalar")
        self.assertIn("instructions", shown)
        self.assertNotIn("0:0", shown)

    @has_pocl
    def test_a_stable_name_stays(self):
        """Also where its platform has another place."""
        name = self.document("-d", "cpu", **POCL)["devices"][0]["stable_name"]
        vendors = self.folder / "vendors"
        vendors.mkdir()
        for file in VENDORS.iterdir():
            (vendors / file.name).write_text(file.read_text())
        for order in ("0", "1"):
            there = {"OCL_ICD_VENDORS": str(vendors), "OCL_ICD_PLATFORM_SORT": "none",
                     "RUSTICL_ENABLE": "llvmpipe" if order == "1" else ""}
            document = self.document("--no-self-test", "-d", name, **there)
            self.assertEqual([device["stable_name"] for device in document["devices"]], [name])

    @has_pocl
    def test_require_opencl(self):
        self.ask("--require-opencl", "--no-self-test", **POCL)
        self.ask("--require-opencl", "--no-self-test", **{**POCL, "OCKHAM_DEVICE": "scalar"})
        done = self.ask("--require-opencl", status=3, **NONE)
        self.assertIn(b"--require-opencl", done.stderr)
        self.document("--require-opencl", status=3, **NONE)

    # ---- The self-test ----

    @has_pocl
    def test_self_test(self):
        shown = self.shown("--self-test", **POCL)
        self.assertEqual(shown.count("error in ULP: dense_forward"), 2)
        self.assertNotIn("ULP", self.shown(**POCL))

    # ---- What goes wrong ----

    def test_wrong_usage(self):
        wrong = [["--frob"], ["extra"], ["-x"], ["--fr\"\\\n\t"], [b"--\xff\xe9"], ["--timeout", "0"],
                 ["--timeout", "soon"], ["--self-test", "--no-self-test"], ["-d"], ["--device"],
                 ["-d", ""]]
        for line in wrong:
            done = self.ask(*line, status=2)
            self.assertTrue(done.stderr)
            self.assertEqual(done.stdout, b"")
            document = read_document(self.ask("--json", *line, status=2).stdout)
            self.assertTrue(document["error"])
        self.assertIn("--fr\"\\\n\t", self.document(*wrong[3], status=2)["error"])

    def test_the_document_where_it_stands_last(self):
        document = read_document(self.ask("--frob", "--json", status=2).stdout)
        self.assertIn("--frob", document["error"])

    def test_the_wrong_word_is_named(self):
        for line in (["extra", "--frob"], ["--json", "extra", "-d"], ["--", "extra"]):
            self.assertIn(b"ockham-query: extra: no such argument", self.ask(*line, status=2).stderr)

    def test_help(self):
        shown = self.shown("--help")
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)
        self.assertLessEqual(len(shown.splitlines()), 23)
        self.assertRegex(self.shown("--version"), r"^ockham-query \d")

    @unittest.skipUnless(HAS_OPENCL, "built without OpenCL")
    def test_what_the_demo_builds(self):
        """The probe, too: without it drivers are neither tried nor measured."""
        done = subprocess.run(["ninja", "-C", Path(QUERY).parents[1], "-t", "query", "demo"],
                              capture_output=True, text=True)
        self.assertIn("lib/probe/ockham-probe", done.stdout)

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            for args in ([], ["--json"], ["--help"]):
                done = subprocess.run([QUERY, "--no-self-test", *args], stdout=full,
                                      stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 5)

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([QUERY, "--json", "--no-self-test"], stdout=writer,
                              stderr=subprocess.PIPE)
        os.close(writer)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"Broken pipe", done.stderr)

    def test_closed_files(self):
        for closed, status in ((">&-", 5), ("<&-", 0), ("2>&-", 0), ("<&- 2>&-", 0)):
            done = subprocess.run(["sh", "-c", f"exec {QUERY} --json -d scalar {closed}"],
                                  capture_output=True)
            self.assertEqual(done.returncode, status, closed)
            self.assertEqual(done.stdout == b"", status == 5)
            if done.stdout:
                read_document(done.stdout)


if __name__ == "__main__":
    if not jsonschema:
        print("python3-jsonschema is not there: documents are not held to their schema")
    unittest.main()
