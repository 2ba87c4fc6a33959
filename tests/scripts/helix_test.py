"""Tests of scripts/helix_*.py: helix_test.py [MEASUREMENTS]."""

import pathlib
import runpy
import sys
import unittest
from unittest import mock

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))
sys.dont_write_bytecode = True

import helix_cluster  # noqa: E402
import helix_flow  # noqa: E402
import helix_serving  # noqa: E402
from helix_cluster import SINK, SOURCE  # noqa: E402

MEASUREMENTS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("nowhere")


class ConstantTimes:
    """A layer takes 1 ms for any prompt and 0.1 ms for any decode batch."""

    def prompt_s(self, tokens):
        return 0.001 if tokens else 0.0

    def decode_s(self, sequences):
        return 0.0001 if sequences else 0.0


class ClusterTest(unittest.TestCase):
    def test_values_are_numbers_times_units_and_nothing_else(self):
        self.assertEqual(helix_cluster.value("12.5 * mbps"), 12.5e6)  # bytes
        self.assertEqual(helix_cluster.value("50 * MilliSec"), 0.05)
        for wrong in ("mbps + 1", "open('x')", "12 * lightyears"):
            with self.assertRaises(ValueError):
                helix_cluster.value(wrong)

    def test_kv_room_is_that_of_the_measured_layer_counts_and_between_them_near_it(self):
        # Blocks of 16 tokens beside one, half of the most and the most layers, as published.
        for name, most, one, half, all_layers in (("T4", 4, 155320, 63484, 17566), ("V100", 4, 172256, 71952, 21800),
                                                  ("A100", 12, 498326, 61294, 17591), ("T4x4", 18, 763104, 60099, 16353)):
            machine = helix_cluster.MACHINES[name]
            self.assertAlmostEqual(machine.kv_tokens(1), 16 * one, delta=1)
            self.assertAlmostEqual(machine.kv_tokens(most), 16 * all_layers, delta=1)
            self.assertAlmostEqual(machine.kv_tokens(most // 2) / (16 * half), 1, delta=0.004)

    def test_times_are_linear_between_the_rows_and_beyond_the_last(self):
        table = ([0, 2, 4], [0.0, 3.0, 4.0])
        read = helix_cluster.LayerTimes.interpolate
        self.assertEqual([read(table, x) for x in (0, 1, 2, 3, 4, 6)], [0, 1.5, 3, 3.5, 4, 5])


class FlowTest(unittest.TestCase):
    def test_the_max_flow_of_two_machines_and_a_bridge_is_worked_out_by_hand(self):
        # a can pass 1 on to the sink and 1 to b; b gets 2 from the source: 1 + 1 + 2. The cut of source and a is as much.
        total, flows = helix_flow.max_flow(
            [("s", "a", 3), ("s", "b", 2), ("a", "b", 1), ("a", "t", 1), ("b", "t", 4)], "s", "t")
        self.assertEqual(total, 4)
        self.assertEqual(flows, {("s", "a"): 2, ("s", "b"): 2, ("a", "b"): 1, ("a", "t"): 1, ("b", "t"): 3})

    def test_the_annealer_keeps_the_best_it_saw_and_layers_within_the_machines(self):
        links = {(a, b): helix_cluster.Link(1e12, 0.001) for a in range(16) for b in range(16) if a != b}
        links |= {(SOURCE, node): helix_cluster.Link(1e12, 0.001) for node in range(16)}
        links |= {(node, SINK): helix_cluster.Link(1e12, 0.001) for node in range(16)}
        cluster = helix_cluster.Cluster("sixteen", ["A100"] * 16, links)
        flow = helix_flow.Flow(cluster, {"A100": ConstantTimes()})
        seen = []
        best, value = helix_flow.Annealer(flow, 1).run(1000, visit=lambda placement, score: seen.append(score))
        self.assertEqual(value, max(seen))
        self.assertAlmostEqual(flow.value(best), value)
        self.assertAlmostEqual(flow.without_links(best), value)  # no link is near its limit
        self.assertTrue(all(0 < end - first <= 12 for first, end in best))


class ServingTest(unittest.TestCase):
    def serve(self, room_requests):
        """One machine with the whole model and links of 5 ms without limit."""
        blocks = (300 * room_requests) // helix_cluster.BLOCK_TOKENS + 1
        limits = helix_cluster.Machine(80, 80 * blocks, blocks)
        cluster = helix_cluster.Cluster("one", ["whole"], {(SOURCE, 0): helix_cluster.Link(1e15, 0.005),
                                                            (0, SINK): helix_cluster.Link(1e15, 0.005)})
        with mock.patch.dict(helix_cluster.MACHINES, {"whole": limits}):
            simulation = helix_serving.Simulation(cluster, {"whole": ConstantTimes()}, [(0, 80)],
                                                  {(SOURCE, 0): 1.0, (0, SINK): 1.0}, [(200, 100)])
            return simulation.run(10, 100)

    def test_one_request_at_a_time_takes_its_iterations_and_its_way(self):
        # Prompt 80 x 1 ms, 99 decode steps of 80 x 0.1 ms, 100 rounds over both links: 80 + 792 + 1000 ms.
        result = self.serve(1)
        self.assertAlmostEqual(result.output_tokens_per_s, 100 / 1.872, delta=1)

    def test_twice_the_kv_room_serves_nearly_twice_as_much_where_latency_binds(self):
        one, two = self.serve(1), self.serve(2)
        self.assertGreater(two.output_tokens_per_s, 1.6 * one.output_tokens_per_s)
        self.assertLessEqual(two.output_tokens_per_s, 2 * one.output_tokens_per_s)


class AgreementTest(unittest.TestCase):
    def test_orders_are_compared_by_ranks_by_pairs_and_by_what_the_preferred_plan_loses(self):
        agreement = runpy.run_path(str(REPOSITORY / "scripts" / "compare_helix"))["agreement"]
        rows = [{"guess": guess, "truth": truth} for guess, truth in ((1, 10), (2, 40), (3, 20), (4, 30))]
        found = agreement(rows, "guess", "truth")
        # Ranks 1 2 3 4 and 1 4 2 3: 1 - 6 (0 + 4 + 1 + 1) / (4 x 15). 4 pairs in order, 2 not. 30 instead of 40.
        self.assertAlmostEqual(found["spearman"], 0.4)
        self.assertAlmostEqual(found["kendall"], 2 / 6)
        self.assertAlmostEqual(found["regret"], 0.25)


@unittest.skipUnless((MEASUREMENTS / "helix").exists(), "no measurements of Helix")
class PublishedTest(unittest.TestCase):
    def test_published_placements_have_their_published_flows(self):
        published = runpy.run_path(str(REPOSITORY / "scripts" / "compare_helix"))["published"]
        for name, flow, most in (("cluster24", 1289.556, 2803.861), ("3cluster24", 1212.177, 2803.861),
                                 ("cluster42", 4137.548, 7104.26)):
            cluster = helix_cluster.read_cluster(MEASUREMENTS / "helix" / "clusters" / f"{name}.ini")
            scored = helix_flow.Flow(cluster, helix_cluster.read_times(MEASUREMENTS / "helix", cluster.types))
            self.assertAlmostEqual(scored.value(published(name)) / flow, 1, delta=2e-5)
            # Their bound: every machine with the layers at which it does most work.
            table = scored.rates.table
            bound = sum(max(layers * table[kind, layers] for kind, layers in table if kind == machine)
                        for machine in cluster.types) / helix_cluster.NUM_LAYERS
            self.assertAlmostEqual(bound / most, 1, delta=2e-5)


if __name__ == "__main__":
    unittest.main()
