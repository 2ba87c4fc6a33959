"""Tests of scripts/testbed: testbed_test.py HEXGEN_RUN."""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "scripts" / "testbed"
HEXGEN_RUN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None

testbed = types.ModuleType("testbed")
testbed.__file__ = str(SCRIPT)
exec(compile(SCRIPT.read_text(), SCRIPT, "exec"), testbed.__dict__)

TYPES = [{"name": "third", "multiprocessors": 40, "aliases": ["3rd"]}, {"name": "odd", "multiprocessors": 20}]


def plan_of(nodes, *stages):
    """nodes: (name, GPU type, number); a stage: its devices."""
    return {"pipelines": [{"name": "p", "stages": [{"devices": devices} for devices in stages]}],
            "cluster": {"gpu_types": TYPES,
                        "nodes": [{"name": name, "gpu_type": kind, "gpus": count} for name, kind, count in nodes]}}


class TestbedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def call(self, *arguments, **variables):
        """Exit code, standard output, standard error."""
        out, err = io.StringIO(), io.StringIO()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NCCL_", "CUDA_"))}
        with mock.patch.object(sys, "argv", ["testbed", *arguments]), mock.patch.dict(os.environ, kept | variables, clear=True), \
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = testbed.main()
        return code, out.getvalue(), err.getvalue()

    def dry_run(self, plan, gpus, *more, **variables):
        """What would be run, without the number of the port."""
        code, out, err = self.call("--program", "run", "--plan", self.write("plan.json", json.dumps(plan)), "--gpus", gpus, *more,
                                   "--dry-run", "--", "bench", **variables)
        lines = re.sub(r"127\.0\.0\.1:\d+", "HERE", out).replace(str(self.folder) + "/", "").splitlines()
        return lines if code == 0 else (code, err)

    def test_processes_are_nodes_in_the_order_in_which_the_stages_name_them(self):
        plan = plan_of([("a", "T4", 2), ("unused", "T4", 8), ("b", "T4", 1)], ["b:0"], ["a:1", "b:0", "a:0"])
        self.assertEqual(self.dry_run(plan, "4,5,6,7"), [
            "CUDA_VISIBLE_DEVICES=4 NCCL_HOSTID=b NCCL_SOCKET_IFNAME=lo run bench --plan plan.json --node 0/2 --rendezvous HERE",
            "CUDA_VISIBLE_DEVICES=5,6 NCCL_HOSTID=a NCCL_SOCKET_IFNAME=lo run bench --plan plan.json --node 1/2 --rendezvous HERE"])

    def test_limited_devices_of_a_node_share_gpus_and_nodes_never_do(self):
        # 40 multiprocessors are 5 units of 8, a GPU has 120 to give, 15 units: 3 devices a GPU. 20 are 3 units: 5 a GPU.
        plan = plan_of([("a", "3RD", 4), ("b", "odd", 5), ("c", "third", 1)], ["a:0"], ["b:0"], ["c:0"])
        dealt = [line.split()[0] for line in self.dry_run(plan, "0,1,2,3")]
        self.assertEqual(dealt, ["CUDA_VISIBLE_DEVICES=0,1", "CUDA_VISIBLE_DEVICES=2", "CUDA_VISIBLE_DEVICES=3"])
        # A GPU of 108 has 13 units: 2 devices of 5 units, 4 of 3.
        self.assertEqual(self.dry_run(plan, "0,1,2,3", "--multiprocessors", "108"),
                         (2, "testbed: error: the nodes need 5 GPUs (a 2, b 2, c 1), there are 4\n"))
        self.assertEqual(self.dry_run(plan, "0", "--multiprocessors", "36"),
                         (2, "testbed: error: node a: devices of 40 multiprocessors on GPUs of 36\n"))

    def test_one_node_is_one_process_and_variables_that_are_set_stay(self):
        plan = plan_of([("a", "T4", 1)], ["a:0"])
        self.assertEqual(self.dry_run(plan, "3", NCCL_SOCKET_IFNAME="eth0"),
                         ["CUDA_VISIBLE_DEVICES=3 NCCL_HOSTID=a NCCL_SOCKET_IFNAME=eth0 run bench --plan plan.json"])

    def test_a_shipped_cluster_is_measured_node_by_node_and_then_between_them(self):
        for name, a, b in (("testbed-24-8", "0:24", "0:8,0:8"), ("testbed-64-16", "0:64", "0:16")):
            code, out, _ = self.call("--program", "plan", "--cluster", name, "--profile", "--out", "m", "--gpus", "0,1", "--dry-run")
            self.assertEqual(code, 0)
            nodes = [f"CUDA_VISIBLE_DEVICES={k} NCCL_HOSTID={node} NCCL_SOCKET_IFNAME=lo plan profile" for k, node in enumerate("ab")]
            self.assertEqual(re.sub(r"127\.0\.0\.1:\d+", "HERE", out).splitlines(), [
                f"{nodes[0]} --gpus {a} --out m/a.json",
                f"{nodes[1]} --gpus {b} --out m/b.json",
                f"{nodes[0]} --between --host-name a --gpus {a.split(',')[0]} --out m/network.json --node 0/2 --rendezvous HERE",
                f"{nodes[1]} --between --host-name b --gpus {b.split(',')[0]} --out m/network.json --node 1/2 --rendezvous HERE"])

    def test_a_plan_with_several_pipelines_needs_the_name_of_one(self):
        self.assertEqual(self.call("--program", "run", "--plan", "tests/data/plan/several_hosts.json", "--", "bench")[::2],
                         (2, "testbed: error: --pipeline: choose one of two, three\n"))

    def test_pipelines_that_run_side_by_side_get_different_gpus(self):
        plan = plan_of([("a", "T4", 1), ("b", "T4", 2)], ["a:0"])
        plan["pipelines"].append({"name": "q", "stages": [{"devices": ["b:1", "b:0"]}]})
        self.assertEqual([self.dry_run(plan, "0,1,2", "--pipeline", name)[0].split()[0] for name in "pq"],
                         ["CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES=1,2"])

    def test_when_a_process_fails_the_others_are_ended_and_its_code_is_returned(self):
        program = self.write("program", '#!/bin/sh\ncase "$*" in *"--node 1/2"*) echo broken; exit 4;; esac\nexec sleep 600\n')
        plan = self.write("plan.json", json.dumps(plan_of([("a", "T4", 1), ("b", "T4", 1)], ["a:0"], ["b:0"])))
        with mock.patch.object(testbed, "GRACE_S", 0.1):
            code, _, err = self.call("--program", program, "--plan", plan, "--", "bench", "--backend", "cpu")
        self.assertEqual((code, err), (4, "b: broken\n"))

    def test_a_program_that_is_not_there_is_an_error_in_one_line(self):
        plan = self.write("plan.json", json.dumps(plan_of([("a", "T4", 1)], ["a:0"])))
        code, _, err = self.call("--program", "nowhere/run", "--plan", plan, "--gpus", "0", "--", "bench")
        self.assertEqual(code, 2)
        self.assertRegex(err, r"^testbed: error: .*nowhere/run.*\n$")

    @unittest.skipUnless(HEXGEN_RUN, "no hexgen-run was given")
    def test_a_plan_over_three_processes_writes_the_text_of_one_process(self):
        plan = ["--plan", "tests/data/plan/several_hosts.json", "--pipeline", "three"]
        command = ["generate", "--backend", "cpu", "--model", "tests/data/tiny-llama", "--prompt", "Elizabeth", "--max-new-tokens", "20"]
        alone = subprocess.run([HEXGEN_RUN, *command, *plan], check=True, capture_output=True, cwd=REPOSITORY).stdout
        both = subprocess.run([SCRIPT, "--program", HEXGEN_RUN, *plan, "--", *command], check=True, capture_output=True, cwd=REPOSITORY)
        self.assertEqual(both.stdout, alone)
        self.assertGreater(len(alone), 20)


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    unittest.main()
