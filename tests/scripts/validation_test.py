"""Tests of scripts/valid*, scripts/prediction_report.py and scripts/testbed_plans: validation_test.py BIN."""

import importlib.machinery
import importlib.util
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

import prediction_report  # noqa: E402
import svg_chart  # noqa: E402
import validation  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve()


def script(name):
    """A script without the ending .py, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def run(name, *words):
    return subprocess.run([SCRIPTS / name, "--bin", BIN, *map(str, words)], check=True, capture_output=True, text=True).stdout


def write_plans(folder):
    """Two pipelines of tiny-llama as plans of their own, and one whose stages leave a layer out."""
    plan = json.loads((REPOSITORY / "tests/data/plan/several_hosts.json").read_text())
    paths = []
    for name, index in (("search-three", 1), ("symmetric-two", 0), ("torn", 0)):
        pipeline = json.loads(json.dumps(plan["pipelines"][index]))
        pipeline["stages"][0]["num_layers"] -= 1 if name == "torn" else 0
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(dict(plan, pipelines=[pipeline])))
    return paths


class ArithmeticTest(unittest.TestCase):
    def test_errors_are_relative_to_what_was_measured(self):
        self.assertAlmostEqual(validation.relative_error(12, 10), 0.2)
        self.assertAlmostEqual(validation.relative_error(8, 10), -0.2)

    def test_rank_correlation_is_that_of_ranks_worked_out_by_hand(self):
        self.assertAlmostEqual(validation.spearman([1, 10, 100], [5, 6, 1000]), 1)
        self.assertAlmostEqual(validation.spearman([1, 10, 100], [3, 2, 1]), -1)
        # Ranks 1 2 3 4 5 and 2 1 4 3 5: the differences are 1 1 1 1 0, so 1 - 6 * 4 / (5 * 24) = 0.8.
        self.assertAlmostEqual(validation.spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]), 0.8)
        # Equal values share ranks: 1.5 1.5 3 and 1 2 3. Deviations -.5 -.5 1 and -1 0 1: 1.5 / sqrt(1.5 * 2).
        self.assertAlmostEqual(validation.spearman([7, 7, 9], [1, 2, 3]), 1.5 / 3 ** 0.5)
        self.assertIsNone(validation.spearman([7, 7], [1, 2]))

    def test_the_largest_gap_of_two_distributions_is_the_tallest_step_between_them(self):
        # At most 2: 2 of 4 requests here, none there. At most 5: all here, 1 of 2 there.
        self.assertEqual(validation.largest_gap([1, 2, 3, 3], [5, 6]), 1)
        self.assertEqual(validation.largest_gap([1, 2, 5, 9], [2, 8]), 0.25)
        self.assertEqual(validation.largest_gap([1, 2], [2, 1]), 0)
        self.assertEqual(validation.attainment([3, 1]), [(1, 0.5), (3, 1.0)])

    def test_requests_go_to_the_pipelines_by_smooth_weighted_turns(self):
        # Weights 2 and 1: first, second, first, and again.
        self.assertEqual([validation.share_out(n, [2, 1]) for n in (0, 1, 2, 3, 6)], [[0, 0], [1, 0], [1, 1], [2, 1], [4, 2]])

    def test_a_batch_is_held_when_every_pipeline_has_kv_blocks_for_its_requests(self):
        # 20 + 10 tokens are 2 blocks of 16. Three requests go 2 and 1: 64 and 32 tokens.
        work, held = {"prompt_tokens": 20, "output_tokens": 10}, script("validate_predictions").held
        def plan(*capacities):
            return {"pipelines": [{"weight": weight, "kv_capacity_tokens": tokens} for weight, tokens in zip((2, 1), capacities)]}
        self.assertTrue(held(plan(64, 32), work, 3))
        self.assertFalse(held(plan(63, 32), work, 3))
        self.assertFalse(held(plan(64, 31), work, 3))

    def test_pipelines_together_are_as_late_as_the_last_and_their_tokens_add_up(self):
        whole = script("validate_predictions").whole([
            {"requests": 6, "ttft_ms": 100, "decode_step_ms": 10, "output_tokens_per_s": 600},
            {"requests": 2, "ttft_ms": 150, "decode_step_ms": 20, "output_tokens_per_s": 100}])
        self.assertEqual(whole["ttft_ms"], 150)
        self.assertEqual(whole["decode_step_ms"], 12.5)  # (6 * 10 + 2 * 20) / 8
        # 6 requests of n tokens take n/100 s, 2 take n/50 s: 8 n tokens in n/50 s.
        self.assertAlmostEqual(whole["output_tokens_per_s"], 400)

    def test_a_searched_plan_is_compared_with_the_symmetric_one_that_turned_out_best(self):
        def row(plan, measured, predicted):
            return {"plan": plan, "cluster": "c", "batch": 1, "output_tokens": 11,
                    **{side: {"ttft_ms": ttft, "decode_step_ms": step, "output_tokens_per_s": 1000 / step}
                       for side, (ttft, step) in (("measured", measured), ("predicted", predicted))}}
        rows = [row("search-a", (100, 10), (90, 9)), row("search-b", (50, 5), (200, 20)),
                row("symmetric-x", (200, 30), (210, 30)), row("symmetric-y", (150, 25), (200, 34))]
        latency, tokens = prediction_report.gains(rows)
        # The search would take a (180 ms predicted): 200 ms measured. The best symmetric one is y: 400 measured, 540 predicted.
        self.assertEqual((latency["searched"], latency["symmetric"]), ("search-a", "symmetric-y"))
        self.assertAlmostEqual(latency["measured"], 2)
        self.assertAlmostEqual(latency["predicted"], 3)
        self.assertAlmostEqual(tokens["measured"], 2.5)

    def test_charts_are_well_formed_and_have_a_dot_a_point(self):
        chart = svg_chart.agreement_chart("a < b", "x", "y", [("plans", [(1, 1.1), (10, 9)]), ("others", [(5, 5)])])
        root = xml.etree.ElementTree.fromstring(svg_chart.stacked([chart, chart]))
        self.assertEqual(len(root.findall(".//{*}circle")), 2 * (3 + 2))  # and one a series in the legend


class ProgramTest(unittest.TestCase):
    def test_pipelines_on_one_emulated_machine_are_refused(self):
        def plan(*pipelines):
            return {"pipelines": [{"name": name, "stages": [{"devices": devices}]} for name, devices in zip("pq", pipelines)]}
        validation.check_machines(plan(["a:0", "b:0"], ["c:0"]))
        with self.assertRaisesRegex(validation.ProgramFailed, "pipelines p and q share b, which takes one process at a time"):
            validation.check_machines(plan(["a:0", "b:0"], ["b:1"]))

    def test_profiles_are_files_for_all_plans_and_folders_by_cluster(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file in ("one/b.json", "one/a.json", "two/c.json", "all.json"):
                validation.write_json(folder / file, {})
            words = validation.profile_options({"cluster": {"name": "one"}}, [folder / "all.json", folder])
            self.assertEqual(words[::2], ["--profile"] * 3)
            self.assertEqual(words[1::2], [folder / file for file in ("all.json", "one/a.json", "one/b.json")])

    def test_what_fails_or_takes_too_long_is_ended_and_says_why(self):
        with self.assertRaisesRegex(validation.ProgramFailed, "exit code 3: second"):
            validation.run_together([["sleep", "60"], ["sh", "-c", "echo first >&2; echo second >&2; exit 3"]][::-1], 30)
        with self.assertRaisesRegex(validation.ProgramFailed, "not done after 0.1 s"):
            validation.run_together([["sleep", "60"]], 0.1)


class DryRunTest(unittest.TestCase):
    def test_plans_are_measured_and_predicted_on_the_cpu_and_a_broken_one_is_reported(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            words = ["--plans", *write_plans(folder), "--out", folder / "out", "--batch", "1,4", "--prompt-tokens", 8,
                     "--output-tokens", 6, "--iters", 1, "--backend", "cpu"]
            self.assertIn("[3/3] torn", run("validate_predictions", *words, "--measure-only"))
            text = run("validate_predictions", *words, "--predict-only")
            self.assertIn("- torn (three-hosts): exit code 2: hexgen-run: error:", text)
            report = json.loads((folder / "out" / "validation.json").read_text())
            rows = [row for row in report["rows"] if "failure" not in row]
            self.assertEqual([(row["plan"], row["batch"]) for row in rows],
                             [(plan, batch) for plan in ("search-three", "symmetric-two") for batch in (1, 4)])
            for row in rows:  # a closed batch, whoever says so: one step and one prefill give the tokens a second
                self.assertGreater(row["predicted"]["ttft_ms"], 0)
                whole_ms = row["predicted"]["ttft_ms"] + 5 * row["predicted"]["decode_step_ms"]
                self.assertAlmostEqual(row["batch"] * 6000 / whole_ms / row["predicted"]["output_tokens_per_s"], 1, delta=0.3)
            self.assertEqual({entry["quantity"] for entry in report["searched_against_symmetric"]}, {"latency", "tokens/s"})
            self.assertTrue((folder / "out" / "ttft_ms.svg").exists())


class PlansTest(unittest.TestCase):
    def test_layers_follow_the_weights_and_add_up(self):
        in_proportion = script("testbed_plans").in_proportion
        self.assertEqual(in_proportion(40, [1, 1, 1]), [14, 13, 13])
        self.assertEqual(in_proportion(10, [6, 3, 1]), [6, 3, 1])
        self.assertEqual(in_proportion(4, [100, 1, 1]), [2, 1, 1])  # a stage has a layer at least

    def test_symmetric_plans_have_one_degree_and_cover_all_devices(self):
        plans = script("testbed_plans").symmetric([["a:0", "a:1"], ["b:0", "b:1", "b:2", "b:3"]], 40)
        self.assertEqual(sorted(plans), ["symmetric-tp1-pp6", "symmetric-tp2-of-a", "symmetric-tp2-pp3", "symmetric-tp3-pp2",
                                         "symmetric-tp4-of-b", "symmetric-tp6-pp1"])
        self.assertEqual([stage["devices"] for stage in plans["symmetric-tp3-pp2"]], [["a:0", "a:1", "b:0"], ["b:1", "b:2", "b:3"]])
        for stages in plans.values():
            self.assertEqual(sum(stage["num_layers"] for stage in stages), 40)

    def test_random_plans_use_every_device_once_and_are_the_same_for_one_seed(self):
        by_node, memory = [["a:0", "a:1"], ["b:0", "b:1", "b:2"]], {"a:0": 24, "a:1": 24, "b:0": 8, "b:1": 8, "b:2": 8}
        draws = [script("testbed_plans").random_stages(by_node, 40, memory, random.Random(seed)) for seed in (1, 1, 2)]
        self.assertEqual(draws[0], draws[1])
        self.assertNotEqual(draws[0], draws[2])
        for stages in draws:
            self.assertEqual(sorted(device for stage in stages for device in stage["devices"]), sorted(memory))
            self.assertEqual(stages[-1]["first_layer"] + stages[-1]["num_layers"], 40)

    def test_a_cluster_gives_plans_of_every_kind_that_fit(self):
        gpu = {"compute_capability": "9.0", "memory_bandwidth_gb_per_s": 600, "dense_fp16_tflops": 50, "dense_fp8_tflops": 0,
               "usual_link": "nvlink4", "efficiency": {"memory_fraction": 0.8, "attention_fraction": 0.8, "compute_fraction": 0.7,
                                                       "layer_overhead_us": 25, "step_overhead_us": 0}}
        cluster = {"format": "hexgen.cluster/1", "name": "small",
                   "gpu_types": [dict(gpu, name="strong", memory_mib=24000), dict(gpu, name="weak", memory_mib=12000)],
                   "nodes": [{"name": "a", "region": "here", "gpu_type": "strong", "gpus": 1},
                             {"name": "b", "region": "here", "gpu_type": "weak", "gpus": 2}],
                   "links": {"same_region": {"latency_ms": 0.2, "bandwidth_gb_per_s": 4}}}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "small.json").write_text(json.dumps(cluster))
            run("testbed_plans", "--cluster", folder / "small.json", "--model", "llama-2-7b", "--random", 2, "--slo-scale", 2,
                "--prompt-tokens", 64, "--output-tokens", 8, "--out", folder / "plans")
            self.assertEqual({path.name.removesuffix("-small.json") for path in (folder / "plans").glob("*.json")},
                             {"memory-by-device", "memory-by-node", "random-1", "random-2", "search-latency", "search-rate",
                              "symmetric-tp1-of-a", "symmetric-tp2-of-b", "symmetric-tp1-pp3", "symmetric-tp3-pp1"})
            for path in (folder / "plans").glob("*.json"):
                subprocess.run([BIN / "hexgen-plan", "check", path], check=True, capture_output=True)


class ServingTest(unittest.TestCase):
    def write_workload(self, folder):
        path = folder / "workload.json"
        path.write_text(json.dumps({
            "format": "hexgen.workload/1", "arrivals": {"process": "poisson", "rate_per_s": 1, "requests": 1},
            "prompt_tokens": {"distribution": "uniform", "min": 8, "max": 24},
            "output_tokens": {"distribution": "uniform", "min": 1, "max": 8}}))
        return path

    def test_both_pipelines_of_a_plan_serve_on_the_cpu_what_the_simulator_serves(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            plan = REPOSITORY / "tests/data/plan/several_hosts.json"
            run("validate_serving", "--plan", plan, "--workload", self.write_workload(folder), "--rate", 100, "--requests", 30,
                "--backend", "cpu", "--out", folder)
            served = [json.loads(line) for line in (folder / "measured.jsonl").read_text().splitlines()]
            self.assertEqual({request["pipeline"] for request in served}, {"two", "three"})
            report = json.loads((folder / "serving.json").read_text())
            self.assertEqual(report["completed"], {"predicted": 30, "measured": 30})
            self.assertIn("| SLO scale |", (folder / "serving.md").read_text())

    def test_a_run_that_is_the_simulation_has_no_gap_to_it(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            plan, workload = write_plans(folder)[0], self.write_workload(folder)
            words = ["--plan", plan, "--workload", workload, "--rate", 50, "--requests", 40, "--out", folder]
            subprocess.run([BIN / "hexgen-sim", "run", "--quiet", "--plan", plan, "--workload", workload, "--rate", "50",
                            "--num-requests", "40", "--warmup", "0", "--kv-watermark", "0",
                            "--requests", folder / "measured.jsonl"], check=True, capture_output=True)
            run("validate_serving", *words, "--predict-only")
            rows = json.loads((folder / "serving.json").read_text())["rows"]
            self.assertEqual([row["quantity"] for row in rows], ["ttft_ms", "tpot_ms", "e2el_ms", "scale"])
            self.assertEqual([row["largest_gap"] for row in rows], [0] * 4)
            self.assertGreaterEqual(rows[3]["p50"]["measured"], 1)  # alone is the fastest
            xml.etree.ElementTree.fromstring((folder / "serving.svg").read_text())
            with self.assertRaises(subprocess.CalledProcessError) as other:
                run("validate_serving", *words, "--seed", 2, "--predict-only")
            self.assertIn("the simulated requests are not those that were measured", other.exception.stderr)


if __name__ == "__main__":
    unittest.main()
