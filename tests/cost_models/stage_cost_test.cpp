#include "cost_models/stage_cost.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;
using test::round_cluster;
using test::round_gpu;
using test::round_model;

namespace {

/// One node of eight GPUs of 1 TB/s and 100 TFLOP/s.
Cluster one_node() {
  return round_cluster({round_gpu("round", 16)}, {{0, 8}});
}

Cluster two_nodes() {
  return round_cluster({round_gpu("round", 16)}, {{0, 4}, {0, 4}});
}

Approx exactly(double value) {
  return Approx(value).epsilon(1e-12);
}

}  // namespace

TEST_CASE("a prompt of n tokens has n (n + 1) / 2 query-key pairs") {
  const BatchShape shape = prefill_shape(4, 3);
  CHECK(shape.new_tokens == 12);
  CHECK(shape.logit_rows == 3);
  CHECK(shape.kv_read_tokens == 0);
  CHECK(shape.prefill_pairs == 3 * (1 + 2 + 3 + 4));
}

TEST_CASE("a decode step reads the whole context of every sequence") {
  const BatchShape shape = decode_shape(3, 100);
  CHECK(shape.new_tokens == 3);
  CHECK(shape.logit_rows == 3);
  CHECK(shape.kv_read_tokens == 300);
  CHECK(shape.prefill_pairs == 0);
}

TEST_CASE("each projection reads its true weights once and computes two FLOPs a weight and row") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0}, 2, {}, {});
  // Two layers, fp16, 1 TB/s, 100 TFLOP/s.
  // q/k/v: 1000 x (1000 + 2 * 500) = 2e6 weights, 8 MB in two layers: 8 us.
  CHECK(cost.gemms[0].weights_s == exactly(8e-6));
  // Activations of one row: (1000 in + 2000 out) * 2 B * 2 layers = 12 kB: 12 ns.
  CHECK(cost.gemms[0].memory_s_per_row == exactly(12e-9));
  // 2 * 2e6 * 2 layers = 8 MFLOP a row: 80 ns.
  CHECK(cost.gemms[0].compute_s_per_row == exactly(80e-9));
  // output: 1000 x 1000, half of it.
  CHECK(cost.gemms[1].weights_s == exactly(4e-6));
  // gate and up: 1000 x 8000, 32 MB in two layers; down: 4000 x 1000, 16 MB.
  CHECK(cost.gemms[2].weights_s == exactly(32e-6));
  CHECK(cost.gemms[3].weights_s == exactly(16e-6));
  CHECK(cost.gemms[3].compute_s_per_row == exactly(2 * 2 * 4e6 / 100e12));
}

TEST_CASE("q/k/v biases are read with the weights") {
  ModelSpec model = round_model();
  model.qkv_bias = true;
  const StageCost cost = stage_cost(model, one_node(), {0}, 1, {}, {});
  // (2e6 weights + 2000 biases) * 2 B at 1 TB/s = 4.004 us.
  CHECK(cost.gemms[0].weights_s == exactly(4.004e-6));
}

TEST_CASE("a projection takes the longer of its memory and its compute time") {
  const RooflineTerm term = {.weights_s = 8, .memory_s_per_row = 0.5, .compute_s_per_row = 2.5};
  CHECK(term.time_s(1) == 8.5);  // 8 + 0.5 against 2.5
  CHECK(term.time_s(4) == 10);   // 8 + 2 against 10: the ridge
  CHECK(term.time_s(10) == 25);  // 8 + 5 against 25
}

TEST_CASE("decode attention reads the KV heads of the context, not the query heads") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0}, 8, {}, {});
  // 8 layers * 2 (K and V) * 5 heads * 100 * 2 B = 16 kB a token at 1 TB/s.
  CHECK(cost.kv_read_s_per_token == exactly(16e-9));
}

TEST_CASE("prefill attention computes four FLOPs for each pair and element of a query head") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0}, 8, {}, {});
  // 8 layers * 4 * 10 heads * 100 = 32 kFLOP a pair at 100 TFLOP/s.
  CHECK(cost.prefill_s_per_pair == exactly(32e3 / 100e12));
}

TEST_CASE("the attention rate of decode is a constant of its own") {
  GpuType gpu = round_gpu("round", 16);
  gpu.efficiency.attention_fraction = 0.5;
  const Cluster cluster = round_cluster({gpu}, {{0, 1}});
  const StageCost cost = stage_cost(round_model(), cluster, {0}, 8, {}, {});
  CHECK(cost.kv_read_s_per_token == exactly(32e-9));  // twice the time at half the rate
  CHECK(cost.gemms[1].weights_s == exactly(16e-6));   // 8 layers * 2 MB, untouched
}

TEST_CASE("elementwise kernels move the bytes of norms, RoPE and activation") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0}, 8, {}, {});
  // Two norms of 4 * 1000, RoPE 2 * (10 + 5) * 100, activation 3 * 4000: 23,000 elements of 2 B,
  // 8 layers: 368 kB at 1 TB/s.
  CHECK(cost.elementwise_s_per_token == exactly(368e-9));
}

TEST_CASE("overhead is one step and a multiple of the layers") {
  GpuType gpu = round_gpu("round", 16);
  gpu.efficiency.layer_overhead_s = 10e-6;
  gpu.efficiency.step_overhead_s = 1e-3;
  const Cluster cluster = round_cluster({gpu}, {{0, 1}});
  CHECK(stage_cost(round_model(), cluster, {0}, 3, {}, {}).overhead_s == exactly(1.03e-3));
}

TEST_CASE("only the last stage has an LM head, and it runs on the rows that emit a token") {
  const Cluster cluster = one_node();
  const StageCost middle = stage_cost(round_model(), cluster, {0}, 1, {false, false}, {});
  const StageCost last = stage_cost(round_model(), cluster, {0}, 1, {false, true}, {});
  CHECK(middle.lm_head.weights_s == 0);
  // 10,000 x 1000 weights: 20 MB at 1 TB/s = 20 us; a row (1000 + 10,000) * 2 B = 22 ns.
  CHECK(last.lm_head.weights_s == exactly(20e-6));
  const double difference =
      last.compute_s(prefill_shape(500, 1)) - middle.compute_s(prefill_shape(500, 1));
  CHECK(difference == Approx(20.022e-6).epsilon(1e-9));
}

TEST_CASE("a prefill chunk that emits no token does not run the LM head") {
  const StageCost last = stage_cost(round_model(), one_node(), {0}, 1, {false, true}, {});
  const StageCost middle = stage_cost(round_model(), one_node(), {0}, 1, {false, false}, {});
  const BatchShape chunk = {.new_tokens = 100, .prefill_pairs = 5050};
  CHECK(last.compute_s(chunk) == middle.compute_s(chunk));
}

TEST_CASE("one decode step is the sum of its operators") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0}, 1, {}, {});
  // One sequence of 1000 tokens, one layer, all memory bound:
  // weights (2 + 1 + 8 + 4)e6 * 2 B = 30 us; their activations (1000 + 2000 + 1000 + 1000 + 1000 +
  // 8000 + 4000 + 1000) * 2 B = 38 ns; elementwise 46 ns; KV 2 * 5 * 100 * 2 B * 1000 = 2 us;
  // LM head 20.022 us. Sum 52.106 us.
  CHECK(cost.iteration_s(decode_shape(1, 1000)) == Approx(52.106e-6).epsilon(1e-9));
}

TEST_CASE("tensor parallelism of degree 5 divides the work of round_model by 5") {
  const Cluster cluster = one_node();
  const StageCost one = stage_cost(round_model(), cluster, {0}, 8, {}, {});
  const StageCost five = stage_cost(round_model(), cluster, {0, 1, 2, 3, 4}, 8, {}, {});
  for (std::size_t g = 0; g < one.gemms.size(); ++g) {
    CHECK(five.gemms[g].weights_s == exactly(one.gemms[g].weights_s / 5));
    CHECK(five.gemms[g].compute_s_per_row == exactly(one.gemms[g].compute_s_per_row / 5));
  }
  CHECK(five.lm_head.weights_s == exactly(one.lm_head.weights_s / 5));
  CHECK(five.kv_read_s_per_token == exactly(one.kv_read_s_per_token / 5));
}

TEST_CASE("the fullest shard sets the pace when the degree does not divide the heads") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0, 1, 2, 3}, 1, {}, {});
  // 5 KV heads on 4 devices: 2, 1, 1, 1, so 2 KV and 4 query heads on the fullest:
  // q/k/v 1000 x (400 + 2 * 200) * 2 B = 1.6 MB.
  CHECK(cost.gemms[0].weights_s == exactly(1.6e-6));
  CHECK(cost.kv_read_s_per_token == exactly(2 * 2 * 100 * 2 / 1e12));
  // FFN columns 4000 / 4: gate and up 1000 x 2000 * 2 B = 4 MB.
  CHECK(cost.gemms[2].weights_s == exactly(4e-6));
}

TEST_CASE("an all-reduce runs twice a layer inside the node") {
  const StageCost cost = stage_cost(round_model(), one_node(), {0, 1, 2, 3}, 8, {}, {});
  // n = 4, 10 us a step: up and down a tree of two levels, 40 us; times 2 * 8 = 0.64 ms.
  CHECK(cost.all_reduce_s == exactly(0.64e-3));
  // One token: 1000 * 2 B = 2 kB; ring, 6/4 of it at 100 GB/s = 30 ns; times 16 = 480 ns.
  CHECK(cost.all_reduce_s_per_token == exactly(480e-9));
  CHECK(cost.all_reduce_time_s(100) == exactly(0.64e-3 + 48e-6));
}

TEST_CASE("the latency of an all-reduce grows with the levels of its tree") {
  CHECK(all_reduce_latency_steps(2) == 2);
  CHECK(all_reduce_latency_steps(3) == 4);
  CHECK(all_reduce_latency_steps(4) == 4);
  CHECK(all_reduce_latency_steps(5) == 6);
  CHECK(all_reduce_latency_steps(8) == 6);
}

TEST_CASE("a group across nodes reduces over the node link") {
  const StageCost cost = stage_cost(round_model(), two_nodes(), {3, 4}, 1, {}, {});
  // n = 2: 2 steps of 1 ms, twice a layer; 2 kB at 1 GB/s = 2 us, twice.
  CHECK(cost.all_reduce_s == exactly(4e-3));
  CHECK(cost.all_reduce_s_per_token == exactly(4e-6));
}

TEST_CASE("the slower GPU sets the pace of a mixed group, operator by operator") {
  GpuType wide = round_gpu("wide", 16);
  wide.memory_bandwidth_bytes_per_s = 2e12;
  wide.dense_flops_per_s = 50e12;
  const Cluster cluster = round_cluster({round_gpu("round", 16), wide}, {{0, 1}, {1, 1}});
  const StageCost mixed = stage_cost(round_model(), cluster, {0, 1}, 1, {}, {});
  const StageCost round_only = stage_cost(round_model(), one_node(), {0, 1}, 1, {}, {});
  CHECK(mixed.gemms[2].weights_s == exactly(round_only.gemms[2].weights_s));
  CHECK(mixed.gemms[2].compute_s_per_row == exactly(2 * round_only.gemms[2].compute_s_per_row));
}

TEST_CASE("fp8 weights halve the bytes and use the fp8 units where there are any") {
  GpuType gpu = round_gpu("round", 16);
  ModelSpec model = round_model();
  model.weight_bytes_per_parameter = 1;
  const Cluster without = round_cluster({gpu}, {{0, 1}});
  gpu.dense_fp8_flops_per_s = 200e12;
  const Cluster with = round_cluster({gpu}, {{0, 1}});
  const StageCost slow = stage_cost(model, without, {0}, 1, {}, {});
  const StageCost fast = stage_cost(model, with, {0}, 1, {}, {});
  CHECK(fast.gemms[1].weights_s == exactly(1e-6));  // 1e6 weights of 1 B
  CHECK(slow.gemms[1].compute_s_per_row == exactly(20e-9));
  CHECK(fast.gemms[1].compute_s_per_row == exactly(10e-9));
  CHECK(fast.lm_head.weights_s == exactly(20e-6));  // stays 16-bit
  CHECK(fast.prefill_s_per_pair == slow.prefill_s_per_pair);
}

TEST_CASE("the hand-off crosses between nodes once and is broadcast among the receivers") {
  const StageCost cost =
      stage_cost(round_model(), two_nodes(), {0, 1}, 4, {true, false}, {4, 5, 6, 7});
  // Across: 1 ms; broadcast to 4: 2 rounds of 10 us.
  CHECK(cost.handoff_s == exactly(1.02e-3));
  // 2 kB a token: 2 us at 1 GB/s, 20 ns at 100 GB/s.
  CHECK(cost.handoff_s_per_token == exactly(2.02e-6));
  CHECK(cost.handoff_time_s(prefill_shape(100)) == exactly(1.02e-3 + 202e-6));
}

TEST_CASE("the hand-off takes the best device pair of the two stages") {
  // The second stage has a device on the sender's node, so nothing waits for the node link before
  // the broadcast, which does cross it: 10 us + 1 ms.
  const StageCost cost = stage_cost(round_model(), two_nodes(), {0}, 4, {true, false}, {4, 1});
  CHECK(cost.handoff_s == exactly(1.01e-3));
}

TEST_CASE("the last stage returns four bytes a sequence to the first") {
  const PipelineGroup pipeline = {.stages = {{.first_layer = 0, .num_layers = 4, .devices = {0, 1}},
                                             {.first_layer = 4, .num_layers = 4, .devices = {4}}}};
  const std::vector<StageCost> costs = pipeline_cost(round_model(), two_nodes(), pipeline);
  // 1 ms + broadcast to 2: 10 us; 4 B at 1 GB/s and again at 100 GB/s, whatever the prompt.
  CHECK(costs[1].handoff_time_s(prefill_shape(500, 2)) == exactly(1.01e-3 + 2 * 4.04e-9));
  CHECK(costs[0].handoff_s_per_sequence == 0);
}

TEST_CASE("the terms of a stage sum up to its iteration") {
  const StageCost cost =
      stage_cost(round_model(), two_nodes(), {0, 1, 2}, 4, {true, true}, {4, 5, 6, 7});
  const BatchShape shape = {
      .new_tokens = 77, .logit_rows = 5, .kv_read_tokens = 3000, .prefill_pairs = 2000};
  const CostTerms terms = cost_terms(cost, shape);
  CHECK(terms.iteration_s() == Approx(cost.iteration_s(shape)).epsilon(1e-12));
  CHECK(terms.all_reduce_s == cost.all_reduce_time_s(77));
  CHECK(terms.handoff_s == cost.handoff_time_s(shape));
  CHECK(terms.lm_head_s == cost.lm_head.time_s(5));
}

TEST_CASE("a pipeline of one stage hands nothing on") {
  const PipelineGroup pipeline = {.stages = {{.num_layers = 8, .devices = {0, 1}}}};
  const std::vector<StageCost> costs = pipeline_cost(round_model(), one_node(), pipeline);
  CHECK(costs[0].handoff_time_s(prefill_shape(500, 2)) == 0);
}

TEST_CASE("the cost of a stage is a constant plus a multiple of its layers") {
  GpuType gpu = round_gpu("round", 16);
  gpu.efficiency.layer_overhead_s = 7e-6;
  gpu.efficiency.step_overhead_s = 3e-3;
  const Cluster cluster = round_cluster({gpu}, {{0, 3}});
  const BatchShape shape = {
      .new_tokens = 77, .logit_rows = 5, .kv_read_tokens = 3000, .prefill_pairs = 2000};
  const auto time_s = [&](int layers) {
    return stage_cost(round_model(), cluster, {0, 1, 2}, layers, {}, {}).iteration_s(shape);
  };
  const double a_layer = time_s(2) - time_s(1);
  CHECK(time_s(8) == Approx(time_s(1) + 7 * a_layer).epsilon(1e-12));
}

TEST_CASE("a stage with chosen times needs nothing but its overhead") {
  const StageCost stage = {.overhead_s = 0.25};
  CHECK(stage.iteration_s(prefill_shape(1000, 4)) == 0.25);
  CHECK(stage.handoff_time_s(decode_shape(4, 10)) == 0);
}

TEST_CASE("a request alone takes its prefill and one pass for every further token") {
  StageCost first = {.overhead_s = 1};
  first.handoff_s = 0.25;
  StageCost last = {.overhead_s = 2};
  last.handoff_s = 0.5;
  last.kv_read_s_per_token = 0.01;
  const RequestLatency latency = request_latency({first, last}, 10, 4);
  // Prefill 1 + 0.25 + 2. Three steps of 1 + 0.25 + 2 + 0.5 with contexts 11, 12, 13.
  CHECK(latency.prefill_s == exactly(3.25));
  CHECK(latency.decode_s == exactly(3 * 3.75 + 0.01 * (11 + 12 + 13)));
  CHECK(latency.total_s() == exactly(3.25 + 11.25 + 0.36));
}

TEST_CASE("a request of one output token has no decode time") {
  CHECK(request_latency({{.overhead_s = 1}}, 10, 1).decode_s == 0);
}

TEST_CASE("the reference deployment is an even split over neighbouring devices") {
  const Cluster cluster = one_node();
  const PipelineGroup pipeline = {
      .stages = {{.first_layer = 0, .num_layers = 4, .devices = {0, 1}},
                 {.first_layer = 4, .num_layers = 4, .devices = {2, 3}}}};
  const RequestLatency by_hand =
      request_latency(pipeline_cost(round_model(), cluster, pipeline), 100, 20);
  const RequestLatency reference = reference_latency(round_model(), cluster, 2, 2, 100, 20);
  CHECK(reference.total_s() == by_hand.total_s());
}

TEST_CASE("a reference deployment that cannot be split is refused with its numbers") {
  const Cluster cluster = one_node();
  CHECK_THROWS_WITH_AS(reference_latency(round_model(), cluster, 1, 3, 100, 20),
                       "slo.reference: 8 layers cannot be split evenly over num_stages 3",
                       InputError);
  CHECK_THROWS_WITH_AS(reference_latency(round_model(), cluster, 4, 1, 100, 20),
                       "slo.reference: 10 heads cannot be split evenly over tp_degree 4",
                       InputError);
  CHECK_THROWS_WITH_AS(
      reference_latency(round_model(), cluster, 5, 2, 100, 20),
      "slo.reference: tp_degree 5 x num_stages 2 is more than the 8 reference devices",
      InputError);
}
