"""ockham-query says what there is, whatever there is."""

import json
import subprocess
import unittest

from harness import QUERY, Tools


class Query(Tools):
    def document(self, *args, **more):
        return json.loads(self.run_tool(QUERY, "--json", *args, **more).stdout)

    def check_scalar(self, document):
        scalar = document["devices"][-1]
        self.assertEqual((scalar["id"], scalar["type"]), ("scalar", "scalar"))
        self.assertEqual(scalar["self_test"]["status"], "OCK_OK")
        self.assertEqual(scalar["self_test"]["passed"], scalar["self_test"]["run"])
        self.assertGreater(scalar["self_test"]["run"], 0)

    def test_this_machine(self):
        document = self.document(OCKHAM_DEVICE="")
        self.check_scalar(document)
        self.assertIn(document["chosen"], [device["id"] for device in document["devices"]])
        self.assertIn(document["chosen"], document["why"])
        shown = self.run_tool(QUERY, "--no-self-test").stdout
        for device in document["devices"]:
            self.assertIn(f"{device['id']}  {device['name']}\n", shown)
        for skipped in document["skipped"]:
            self.assertIn(skipped["reason"], shown)

    def test_without_driver(self):
        document = self.document(OCL_ICD_VENDORS="/nonexistent", OCKHAM_DEVICE="")
        self.check_scalar(document)
        self.assertEqual(document["chosen"], "scalar")
        self.assertEqual(len(document["devices"]), 1)
        self.assertEqual(len(document["skipped"]), 1)

    def test_wish_that_cannot_be_met(self):
        document = self.document("--no-self-test", status=1, OCKHAM_DEVICE="nosuch")
        self.assertIsNone(document["chosen"])
        self.assertEqual(document["status"], "OCK_DEVICE_NOT_FOUND")
        self.assertIn("nosuch", document["why"])
        self.assertIsNone(document["devices"][-1]["self_test"])
        self.assertEqual(self.document("--no-self-test", "--device", "scalar")["chosen"], "scalar")

    def test_wrong_usage(self):
        for line in ("--frob", "extra", "--device"):
            self.assertTrue(self.run_tool(QUERY, line, status=2).stderr)

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            for args in ([], ["--json"]):
                done = subprocess.run([QUERY, "--no-self-test", *args], stdout=full)
                self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
