"""Whatever a driver does, ockham-query ends in time, tells of it, and the others stay usable."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tools"))
from query_document import read_document  # noqa: E402

QUERY, TRAIN = os.environ["OCKHAM_QUERY"], os.environ["OCKHAM_TRAIN"]
BENCH = os.environ["OCKHAM_BENCH"]
HOST = os.environ["OCKHAM_TEST_HOST"]
DRIVER, LAYER = os.environ["OCKHAM_TEST_DRIVER"], os.environ["OCKHAM_TEST_LAYER"]
POCL = Path("/etc/OpenCL/vendors/pocl.icd")

# A sound driver must keep this limit on a busy machine, too.
HANG_S = "10"
SKIP = 77

WHEN = {
    "load": "when it was loaded",
    "platforms": "when it was loaded",
    "devices": "when its devices were listed",
    "build": "when it built the kernels",
    "launch": "in its self-test",
}
DID = {
    "crash": "crashed (SIGSEGV)",
    "abort": "crashed (SIGABRT)",
    "exit": "ended the process (exit status 3)",
    "hang": f"hung for {HANG_S} s",
}


def digest(text):
    """FNV-1a."""
    total = 0xcbf29ce484222325
    for byte in text.encode():
        total = (total ^ byte) * 0x100000001b3 % 2**64
    return total


class Drivers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def environment(self, fault, **more):
        """PoCL beside the test driver, which has this fault; and a cache of its own."""
        place = self.folder / fault.replace("@", "-")
        vendors = place / "vendors"
        if not vendors.exists():
            vendors.mkdir(parents=True)
            (vendors / "test.icd").write_text(DRIVER + "\n")
            shutil.copy(POCL, vendors)
        without = {"OCKHAM_PROBE", "OCKHAM_DEVICE", "OPENCL_LAYERS", "OCKHAM_TILES"}
        return {key: value for key, value in os.environ.items() if key not in without} | {
            "OCL_ICD_VENDORS": str(vendors), "TEST_FAULT": fault,
            "OCKHAM_CACHE": str(place / "cache"), "OCKHAM_TUNE": "0", "OMP_WAIT_POLICY": "passive",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0",
            **({"OCKHAM_PROBE_SECONDS": HANG_S} if fault.startswith("hang") else {}), **more}

    def layered(self, fault, **more):
        """PoCL alone, below the layer with this fault."""
        return self.environment(fault, OCL_ICD_VENDORS=str(POCL), OPENCL_LAYERS=LAYER, **more)

    def run_program(self, *command, env, status=0):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=280,
                              errors="replace", stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}\n{done.stderr}")
        return done

    def query(self, *args, env, status=0):
        done = subprocess.run([QUERY, "--json", *args], env=env, capture_output=True, timeout=280)
        self.assertEqual((done.returncode, done.stderr), (status, b""))
        document = read_document(done.stdout)
        self.assertEqual(document["exit_status"], status)
        self.assertTrue(document["probed"])
        self.assertEqual(document["devices"][-1]["self_test"]["status"], "OCK_OK")
        return document

    def names(self, document):
        return [device["platform"] for device in document["devices"] if "platform" in device]

    def check_row(self, document, *parts):
        """One platform was skipped, and these are parts of the reason."""
        self.assertEqual(len(document["skipped"]), 1, document)
        row = document["skipped"][0]
        self.assertEqual(row["status"], "OCK_DEVICE_FAILED")
        for part in parts:
            self.assertIn(part, row["reason"])
        self.assertTrue(document["why"].count(row["reason"]) == 1, document["why"])

    def check_pocl(self, document):
        self.assertEqual(self.names(document), ["Portable Computing Language"])
        self.assertEqual(document["devices"][0]["self_test"]["status"], "OCK_OK", document)

    # ---- Crashes and hangs ----

    def check_fault(self, fault):
        how, where = fault.split("@")
        env = self.environment(fault)
        document = self.query(env=env)
        self.check_pocl(document)
        remedy = "PROBE_SECONDS=N waits longer" if how == "hang" else "PROBE=off uses it as it is"
        self.check_row(document, DID[how], WHEN[where], "kept until ockham-query tries it anew",
                       remedy)
        skipped = document["skipped"][0]
        self.assertIn("test.icd" if where in ("load", "platforms") else "Test driver",
                      skipped["name"])
        # ocl-icd lists devices when it loads drivers, to sort the platforms
        self.assertEqual("library" in document["devices"][0], where != "build")
        # What is known is asked no more: neither by a wish nor by the default.
        start = time.monotonic()
        why = self.run_program(HOST, env=env).stdout
        self.assertIn(f"passed over {skipped['name']}: {skipped['reason']}", why)
        self.assertIn("chose " + document["devices"][0]["id"], why)
        refused = self.run_program(HOST, env=env | {"OCKHAM_DEVICE": "gpu"}, status=1)
        self.assertIn(skipped["reason"], refused.stderr)
        if how == "hang":
            self.assertLess(time.monotonic() - start, float(HANG_S))

    def test_crashes(self):
        for fault in ("crash@load", "crash@platforms", "crash@devices", "crash@build",
                      "abort@build", "exit@load"):
            with self.subTest(fault):
                self.check_fault(fault)

    def test_ways_to_name_drivers(self):
        """A driver's file in the usual folder, a library by itself, and the variable's other name."""
        usual = self.environment("none@usual", OCL_ICD_VENDORS=POCL.name)
        self.check_pocl(self.query(env=usual))
        alone = self.query(env=self.environment("crash@load", OCL_ICD_VENDORS=DRIVER), status=1)
        self.assertEqual(self.names(alone), [])
        self.check_row(alone, DRIVER, DID["crash"], WHEN["load"])
        other = self.environment("crash@platforms", OCL_ICD_VENDORS="")
        other["OPENCL_VENDOR_PATH"] = str(self.folder / "crash-platforms" / "vendors")
        document = self.query(env=other)
        self.check_pocl(document)
        self.check_row(document, DID["crash"], WHEN["platforms"])

    def check_hang_below(self, layer_fault):
        env = self.layered(layer_fault)
        self.check_row(self.query(env=env, status=1), DID["hang"], WHEN["launch"])
        self.assertIn("passed over Portable", self.run_program(HOST, env=env).stdout)

    def test_hangs(self):
        self.query(env=self.environment("none@warm"))
        with ThreadPoolExecutor() as pool:
            done = [pool.submit(self.check_hang_below, "hang@launch")]
            for where in ("load", "platforms", "devices", "build"):
                done.append(pool.submit(self.check_fault, f"hang@{where}"))
            for future in done:
                future.result()

    def check_lost_query(self, what, *args, env):
        """Untried drivers may bring the query down; that is told, and the document is whole."""
        for more in ([], ["--json"]):
            done = subprocess.run([QUERY, *args, *more], env=env, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 5)
            self.assertIn(what, done.stderr.decode())
        document = read_document(done.stdout)
        self.assertIn(what, document["error"])
        self.assertEqual((document["exit_status"], document["devices"]), (5, []))

    def test_without_the_probe_they_do_what_they_do(self):
        for fault in ("crash@load", "crash@platforms", "crash@devices", "crash@build"):
            with self.subTest(fault):
                env = self.environment(fault, OCKHAM_PROBE="0" if fault == "crash@load" else "off")
                self.run_program(HOST, env=env, status=-signal.SIGSEGV)
                self.check_lost_query("crashed", env=env)
        for fault in ("hang@load", "hang@build"):
            with self.subTest(fault), self.assertRaises(subprocess.TimeoutExpired):
                subprocess.run([HOST], env=self.environment(fault, OCKHAM_PROBE="off"),
                               capture_output=True, timeout=3)
            self.check_lost_query("longer than 2 s", "--timeout", "2",
                                  env=self.environment(fault, OCKHAM_PROBE="off"))

    def test_what_hangs_is_told_on_a_line_of_its_own(self):
        reader, writer = pty.openpty()
        subprocess.run([QUERY, "--timeout", "1"], env=self.environment("hang@load", OCKHAM_PROBE="off"),
                       stdout=subprocess.DEVNULL, stderr=writer, timeout=60)
        os.close(writer)
        said = os.read(reader, 4096).decode()
        os.close(reader)
        self.assertIn("trying the drivers\r\nockham-query: it took longer", said)

    def test_what_a_driver_leaves_running_is_not_waited_for(self):
        done = subprocess.run([QUERY, "--timeout", "60"], env=self.layered("linger@launch"),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)

    def test_self_test(self):
        for fault in ("crash@launch", "abort@launch"):
            with self.subTest(fault):
                document = self.query(env=self.layered(fault), status=1)
                self.check_row(document, DID[fault.split("@")[0]], WHEN["launch"])
                self.assertEqual(document["skipped"][0]["name"], "Portable Computing Language")
                self.assertEqual(document["chosen"], "scalar")

    def check_measured(self, fault):
        """What was measured before the fault is known, and the device stays."""
        env = self.layered(fault, OCKHAM_TUNE="1", TMPDIR=str(self.folder))
        device = self.query("-d", "cpu", env=env)["devices"][0]
        self.assertEqual((device["chosen"], device["self_test"]["status"]), (True, "OCK_OK"))
        self.assertGreater(device["warm_seconds"], 0)
        if fault != "hang@measure":  # a busy machine builds for longer than that limit
            self.assertGreater(device["cold_seconds"], device["warm_seconds"])
        for figure in ("launch_seconds", "peak_gflops", "stream_gbs", "step_seconds"):
            self.assertEqual(device[figure] is None, fault != "none@measure", figure)
        self.assertEqual(list(self.folder.glob("ockham-*")), [])
        start = time.monotonic()
        again = self.query("-d", "cpu", env=env)["devices"][0]  # it is kept
        for figure in ("cold_seconds", "launch_seconds", "step_seconds"):
            self.assertEqual(again[figure], device[figure])
        if fault == "hang@measure":
            self.assertLess(time.monotonic() - start, float(HANG_S))

    def test_a_gpu_measures_its_own_kernels(self):
        """Those of a CPU are not among them, and the fastest is kept."""
        env = self.layered("lie@gpu", OCKHAM_TUNE="1")
        ways = {"20x300x40": {"gpu", "gpu-small"}, "300x300x20": {"gpu", "gpu-large"}}
        shapes = [argument for shape in ways for argument in ("--shape", shape)]
        self.run_program(BENCH, "tune", "--device", "gpu", "--transpose", "nn", *shapes, "--json",
                                str(self.folder / "tuned.json"), env=env)
        rows = json.loads((self.folder / "tuned.json").read_text())["rows"]
        tuned = {row["name"].split()[0]: set(row["candidates"]) - {"clblast"} for row in rows}
        self.assertEqual(tuned, ways)
        kept = " ".join(file.read_text() for file in Path(env["OCKHAM_CACHE"]).iterdir())
        self.assertEqual(re.findall(r"^matmul-\S+ (\S+)$", kept, re.M), [row["best"] for row in rows])

    def test_a_device_past_the_loader_is_measured(self):
        env = self.environment("crash@load", OCKHAM_TUNE="1", TMPDIR="")
        device = self.query("-d", "cpu", env=env)["devices"][0]
        self.assertIn("library", device)
        self.assertGreater(device["warm_seconds"], 0)
        self.assertGreater(device["step_seconds"], 0)

    def test_measuring(self):
        for fault in ("none@measure", "crash@measure", "hang@measure"):
            with self.subTest(fault):
                self.check_measured(fault)

    # ---- Files without a driver ----

    def test_libraries_that_are_not_there(self):
        """Also beside a driver that brings the loader down, and alone."""
        for fault in ("none@lost", "crash@load"):
            env = self.environment(fault)
            vendors = Path(env["OCL_ICD_VENDORS"])
            (vendors / "lost.icd").write_text("libNoSuchDriver.so.7\n")
            (vendors / "text.icd").write_text(f"{vendors / 'lost.icd'}\n")
            if fault == "none@lost":
                (vendors / "test.icd").unlink()
            document = self.query(env=env)
            self.check_pocl(document)
            rows = {Path(row["name"]).name: row for row in document["skipped"]}
            crashed = {"test.icd"} if fault == "crash@load" else set()
            self.assertEqual(set(rows), {"lost.icd", "text.icd"} | crashed)
            self.assertIn("libNoSuchDriver.so.7: cannot open shared object file",
                          rows["lost.icd"]["reason"])
            self.assertIn("file too short", rows["text.icd"]["reason"])
            why = self.run_program(HOST, env=env | {"OCKHAM_PROBE": "/nonexistent"}).stdout
            self.assertIn(rows["lost.icd"]["reason"], why)  # it is kept
            (vendors / "pocl.icd").unlink()
            self.assertIn("no OpenCL driver is installed" if fault == "none@lost" else "crashed",
                          str(self.query(env=env, status=1)["skipped"]))

    def test_files_that_name_no_driver(self):
        """They are passed over, by the loader and past it."""
        for fault in ("none@files", "crash@load"):
            env = self.environment(fault)
            vendors = Path(env["OCL_ICD_VENDORS"])
            (vendors / "empty.icd").touch()
            (vendors / "line.icd").write_text("\n" + DRIVER)
            (vendors / "tab.icd").write_text("lib\tdriver.so\n")
            (vendors / "long.icd").write_text("x" * 1000 + "\n")
            (vendors / "gone.icd").symlink_to(vendors / "nowhere")
            (vendors / "maths.icd").write_text("libm.so.6\n")
            if fault == "none@files":
                (vendors / "test.icd").unlink()
            else:
                (vendors / ("n" * 240 + ".icd")).write_text(DRIVER)
            document = self.query(env=env)
            self.check_pocl(document)
            self.assertEqual([Path(row["name"]).name for row in document["skipped"]],
                             [] if fault == "none@files" else ["test.icd"])

    # ---- Lies, failures, wrong numbers ----

    def test_compiler_that_fails(self):
        document = self.query(env=self.environment("fail@build"))
        device = next(d for d in document["devices"] if d.get("platform") == "Test driver")
        self.assertEqual(device["self_test"]["status"], "OCK_BUILD_FAILED")
        self.assertIn("this compiler fails", device["self_test"]["message"])
        self.assertIn("this compiler fails", document["why"])
        self.assertNotEqual(document["chosen"], device["id"])
        env = self.environment("fail@build", OCKHAM_DEVICE="Test driver")
        refused = self.run_program(HOST, env=env, status=1).stderr
        self.assertIn("CL_BUILD_PROGRAM_FAILURE", refused)
        self.assertIn("this compiler fails", refused)

    def test_texts_that_lie(self):
        env = self.environment("lie@texts")
        document = self.query(env=env)
        self.assertIn("Portable Computing Language", self.names(document))
        liar = next(d for d in document["devices"] if d["name"].startswith("   [2J"))
        self.assertLess(len(liar["name"]), 128)
        self.assertRegex(liar["stable_name"], "^2j-x+/2j-x+$")
        shown = subprocess.run([QUERY], env=env, capture_output=True).stdout.decode()
        self.assertNotIn("\x1b", shown)
        self.assertIn("\nchose ", shown)
        shown = subprocess.run([QUERY, "--details"], env=env, capture_output=True).stdout.decode()
        self.assertIn(liar["name"], shown)

    def test_lengths_that_lie(self):
        """Of texts and of the build log: 2^64 - 1."""
        document = self.query(env=self.environment("lie@length"))
        self.assertIn("Portable Computing Language", self.names(document))
        liar = next(d for d in document["devices"] if not d["name"])
        self.assertEqual((liar["driver"], liar["self_test"]["status"]), ("", "OCK_BUILD_FAILED"))

    def test_counts_that_lie(self):
        for fault, reason in {"lie@count": "clGetDeviceIDs with CL_INVALID_VALUE",
                              "lie@none": "no device (CL_DEVICE_NOT_FOUND)"}.items():
            with self.subTest(fault):
                document = self.query(env=self.environment(fault))
                self.check_pocl(document)
                row, = document["skipped"]
                self.assertIn(reason, row["reason"])

    def test_limits_that_lie(self):
        """PoCL still computes, or is passed over."""
        document = self.query("--device", "cpu", env=self.layered("lie@huge"))
        self.check_pocl(document)
        device = document["devices"][0]
        self.assertEqual((device["compute_units"], device["max_allocation"]), (0, 2**64 - 1))
        self.assertEqual(document["chosen"], device["id"])
        self.run_program(TRAIN, "fit", "--hidden", "32", "--count", "400", "--epochs", "2",
                         "--device", "cpu", env=self.layered("lie@huge", OCKHAM_TUNE="1"))
        document = self.query(env=self.layered("lie@zero"), status=1)
        device = document["devices"][0]
        self.assertEqual((device["compute_units"], device["max_allocation"]), (2**32 - 1, 0))
        self.assertEqual(device["self_test"]["status"], "OCK_OUT_OF_MEMORY")
        self.assertEqual(document["chosen"], "scalar")

    def test_devices_below_the_floor(self):
        for what, reason in {"groups": "its largest work-group is 0, the kernels need 256",
                             "memory": "its local memory is 0, the kernels need 32768",
                             "arithmetic": "its 32-bit arithmetic is limited",
                             "compiler": "its compiler is missing",
                             "device": "it is not available",
                             "language": "its language is OpenCL C 1.1",
                             "words": "its language is unknown"}.items():
            with self.subTest(what):
                document = self.query(env=self.layered("lack@" + what), status=1)
                self.assertIn(reason, document["devices"][0]["reason"])
                self.assertEqual(document["chosen"], "scalar")
                self.assertIn("passed over 0:0", document["why"])

    def test_wrong_numbers(self):
        document = self.query(env=self.layered("wrong@launch"), status=1)
        self.assertEqual(document["devices"][0]["self_test"]["status"], "OCK_SELF_TEST_FAILED")
        self.assertEqual(document["chosen"], "scalar")
        self.assertIn("passed over 0:0", document["why"])
        env = self.layered("wrong@launch", OCKHAM_DEVICE="cpu")
        self.assertIn("should be", self.run_program(HOST, env=env, status=1).stderr)

    def test_a_wrong_number_that_no_training_step_needs(self):
        """The device is chosen all the same, and the status tells."""
        env = self.layered("wrong@one_hot")
        document = self.query(env=env, status=4)
        test = document["devices"][0]["self_test"]
        self.assertEqual((document["chosen"], test["passed"]), ("0:0", test["run"] - 1))
        self.assertIn("mix", test["message"])
        self.run_program(QUERY, "-d", "cpu", env=env, status=4)

    # ---- The process around it ----

    def test_hosts_are_left_as_they_are(self):
        for fault in ("crash@build", "crash@load"):
            for mode in ("default", "ignore", "reap", "bare"):
                with self.subTest(f"{fault} {mode}"):
                    env = self.environment(fault, OCKHAM_CACHE="off")
                    why = self.run_program(HOST, mode, env=env).stdout
                    self.assertIn("the driver crashed", why)
                    self.assertRegex(why, "chose [01]:0")

    def helpers_of(self, process):
        """What runs ockham-probe among its children."""
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [Path("/proc", child) for child in children
                if b"ockham-probe" in Path("/proc", child, "cmdline").read_bytes()]

    def wait_for(self, condition):
        for _ in range(1000):
            if condition():
                return
            time.sleep(0.01)
        self.fail("it did not happen within 10 s")

    def test_a_host_that_is_killed_leaves_no_helper(self):
        env = self.environment("hang@load", OCKHAM_PROBE_SECONDS="250")
        with subprocess.Popen([HOST], env=env) as host:
            self.wait_for(lambda: self.helpers_of(host.pid))
            helper = self.helpers_of(host.pid)[0]
            time.sleep(0.5)  # until it has said whose child it is
            host.kill()
        self.wait_for(lambda: not helper.exists())

    def test_an_interrupt_is_none_of_the_drivers(self):
        """A terminal's goes to all of the host's process group, which the host may survive."""
        env = self.environment("hang@build", OCKHAM_PROBE_SECONDS="5")
        with subprocess.Popen([HOST], env=env, start_new_session=True, stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as host:
            self.wait_for(lambda: self.helpers_of(host.pid))
            time.sleep(0.5)  # until it builds
            os.killpg(host.pid, signal.SIGINT)
            self.assertIn("hung for 5 s", host.stdout.read())

    def test_nothing_is_printed(self):
        done = self.run_program(HOST, env=self.environment("crash@build"))
        self.assertNotIn("the driver prints", done.stdout + done.stderr)

    def test_helper_that_cannot_be_started(self):
        for number, script in enumerate(("no program", "#!/bin/sh", "#!/bin/sh\necho hello >&3",
                                         "#!/bin/sh\necho ockham-probe 9.9 >&3; echo done >&3",
                                         "#!/bin/sh\nexec tr '\\0' x </dev/zero >&3")):
            with self.subTest(script):
                helper = self.folder / f"helper{number}"
                helper.write_text(script + "\n")
                helper.chmod(0o700)
                env = self.environment("fail@build", OCKHAM_PROBE=str(helper))
                done = self.run_program(QUERY, "--json", "--no-self-test", env=env)
                self.assertFalse(read_document(done.stdout.encode())["probed"])
                self.assertIn("not probed", self.run_program(QUERY, "--no-self-test", env=env).stdout)
                self.assertIn("chose", self.run_program(HOST, env=env).stdout)

    # ---- What is known ----

    def test_what_is_known_is_asked_no_more(self):
        """Until the driver changes, and plain C asks nobody."""
        vendors = self.folder / "vendors"
        vendors.mkdir()
        shutil.copy(POCL, vendors)
        library = self.folder / "driver.so"
        shutil.copy(DRIVER, library)
        (vendors / "test.icd").write_text(f"{library}\n")
        env = self.environment("crash@build", OCL_ICD_VENDORS=str(vendors))
        crashed = "the driver crashed"
        self.assertIn(crashed, self.run_program(HOST, env=env).stdout)
        unprobed = env | {"OCKHAM_PROBE": "/nonexistent"}
        self.assertIn(crashed, self.run_program(HOST, env=unprobed).stdout)  # it is kept
        os.utime(library, (1, 1))
        self.run_program(HOST, env=unprobed, status=-signal.SIGSEGV)  # it is not known any more
        self.assertIn(crashed, self.run_program(HOST, env=env).stdout)
        os.utime(library, (2, 2))
        scalar = self.run_program(HOST, env=unprobed | {"OCKHAM_DEVICE": "scalar"}).stdout
        self.assertIn("chose scalar", scalar)

    def test_files_that_cannot_be(self):
        """They have the right digest, and are of no use all the same."""
        env = self.environment("crash@build")
        self.run_program(HOST, env=env)
        file, = Path(env["OCKHAM_CACHE"]).iterdir()
        sound = file.read_text().splitlines()[:-1]
        self.assertEqual(len(sound), 4, sound)
        many = "".join(f"driver{i} name\t\t\n" for i in range(2, 100))
        for old, new in (("drivers 2 ", many + "drivers 100 "), ("drivers 2 ", "drivers 3 "),
                         ("by the loader", "by hand"), ("driver1 ", "driver9 "),
                         ("\t", " "), ("the driver", "x" * 300)):
            with self.subTest(f"{old} {new}"):
                text = "\n".join(line.replace(old, new) for line in sound) + "\n"
                file.write_text(text + f"sum {digest(text):016x}\n")
                self.assertIn("the driver crashed", self.run_program(HOST, env=env).stdout)

    def test_query_looks_again(self):
        env = self.environment("crash@build")
        mended = env | {"TEST_FAULT": "fail@build"}
        self.assertIn("the driver crashed", self.run_program(HOST, env=env).stdout)
        self.assertIn("the driver crashed", self.run_program(HOST, env=mended).stdout)
        self.assertEqual(self.query(env=mended)["skipped"], [])
        self.assertIn("this compiler fails", self.run_program(HOST, env=mended).stdout)

    def test_another_environment_is_not_known(self):
        env = self.environment("crash@build", OCKHAM_CACHE=str(self.folder / "cache"))
        self.assertIn("the driver crashed", self.run_program(HOST, env=env).stdout)
        unprobed = env | {"OCKHAM_PROBE": "/nonexistent"}
        self.assertIn("the driver crashed", self.run_program(HOST, env=unprobed).stdout)
        for name in ("OCL_ICD_PLATFORM_SORT", "POCL_DEVICES", "RUSTICL_ENABLE", "LD_LIBRARY_PATH",
                     "HSA_OVERRIDE_GFX_VERSION", "OCKHAM_PROBE_SECONDS"):
            self.run_program(HOST, env=unprobed | {name: "none"}, status=-signal.SIGSEGV)


if __name__ == "__main__":
    if os.environ["OCKHAM_DRIVERS"] == "0":
        print("this machine's drivers are for another architecture: skipped")
        sys.exit(77)
    if not POCL.exists():
        print("there is no PoCL")
        sys.exit(1 if os.environ.get("OCKHAM_REQUIRE_OPENCL") == "1" else SKIP)
    unittest.main()
