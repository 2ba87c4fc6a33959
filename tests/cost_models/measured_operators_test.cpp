#include "cost_models/measured_operators.h"

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>

#include "cost_models/calibration/held_out.h"
#include "cost_models/extrapolation.h"
#include "profiles/apply_profile.h"
#include "profiles/errors.h"
#include "profiles/timings.h"
#include "tests/support/clusters.h"
#include "tests/support/synthetic_profile.h"

using doctest::Approx;
using hexgen::Cluster;
using hexgen::MeasuredCurve;
using hexgen::MeasuredRatio;
using hexgen::ModelSpec;
using hexgen::RooflineTerm;
using hexgen::StageCost;
using hexgen::test::round_cluster;
using hexgen::test::round_gpu;
using hexgen::test::synthetic_profile;

namespace {

/// 16 query and 8 KV heads of 256: the products of a layer have 4096 rows of weights or columns.
ModelSpec model() {
  return {.name = "m",
          .num_layers = 4,
          .hidden_dim = 4096,
          .ffn_dim = 8192,
          .num_heads = 16,
          .num_kv_heads = 8,
          .head_dim = 256,
          .vocab_size = 16384};
}

/// Four GPUs with the timings of the synthetic profile.
Cluster measured_cluster() {
  return apply_profile(round_cluster({round_gpu("measured", 80)}, {{0, 4}}),
                       synthetic_profile("measured", 10e-6),
                       hexgen::Catalogue({}, {}),
                       "p.json");
}

/// The same with every operator that a profile may have.
Cluster completely_measured_cluster() {
  return apply_profile(round_cluster({round_gpu("measured", 80)}, {{0, 4}}),
                       hexgen::test::complete_profile("measured"),
                       hexgen::Catalogue({}, {}),
                       "p.json");
}

StageCost cost_of(const Cluster& cluster,
                  const std::vector<int>& devices,
                  int num_layers,
                  const std::vector<int>& next = {},
                  const ModelSpec& of = model()) {
  return stage_cost(of, cluster, devices, num_layers, {.first = true, .last = next.empty()}, next);
}

/// Nodes of 1, 2 and 1 GPUs, with timings between the first two.
Cluster cluster_of_measured_nodes() {
  auto profile = synthetic_profile("measured", 10e-6);
  hexgen::test::add_hosts(profile, "n0", "n1");
  return apply_profile(
      round_cluster({round_gpu("measured", 80), round_gpu("other", 80)}, {{0, 1}, {1, 2}, {1, 1}}),
      profile,
      hexgen::Catalogue({}, {}),
      "p.json");
}

}  // namespace

TEST_CASE("a measured term has its measured times, and goes on along its roofline") {
  const RooflineTerm one = {.weights_s = 1e-6, .compute_s_per_row = 1e-8};
  RooflineTerm three = {.weights_s = 3e-6, .compute_s_per_row = 3e-8};
  three.measured =
      std::make_shared<const MeasuredRatio>(MeasuredCurve({{1, 2e-6}, {1000, 30e-6}}), 1, one);
  CHECK(three.time_s(1) == Approx(3 * 2e-6));
  CHECK(three.time_s(1000) == Approx(3 * 30e-6));
  CHECK(three.time_s(0.5) == Approx(3 * 2e-6));
  // Above: 4 times the rows are 4 times the roofline of 10 us, which stays 3 times too fast.
  CHECK(three.time_s(4000) == Approx(3 * 4 * 30e-6));
  CHECK(three.measured->rows_beyond(4000) == 4);
  CHECK(three.measured->rows_beyond(0.5) == 2);
  CHECK(three.measured->rows_beyond(500) == 1);
  // Faster memory helps where the roofline is bound by it, here at one row.
  three.weights_s /= 2;
  CHECK(three.time_s(1) == Approx(3 * 2e-6 / 2));
  CHECK(three.time_s(1000) == Approx(3 * 30e-6));
}

TEST_CASE("no ratio is smaller than the least, wherever the roofline bends") {
  const RooflineTerm one = {.weights_s = 1e-6, .memory_s_per_row = 1e-9, .compute_s_per_row = 1e-8};
  const MeasuredRatio ratio(MeasuredCurve({{1, 2e-6}, {64, 2e-6}, {4096, 90e-6}}), 1, one);
  CHECK(ratio.least() == Approx(2e-6 / 1.064e-6));  // 64 rows: memory, 1 + 0.064 us
  for (double rows = 0.5; rows < 10000; rows *= 1.1) {
    CHECK(ratio.at(rows) >= ratio.least() * (1 - 1e-12));
  }
}

TEST_CASE("a stage takes the times of its measured operators") {
  const Cluster cluster = measured_cluster();
  const StageCost cost = cost_of(cluster, {0}, 2);
  // 4096 x 4096 output projection of both layers at 16 rows: 3 us and the weights at 0.8 TB/s.
  CHECK(cost.gemms[1].time_s(16) == Approx(2 * (3e-6 + 2.0 * 4096 * 4096 / 0.8e12)));
  // 8 sequences of 2048 tokens of 8 heads of 256, both layers: 8 us and the KV at 0.5 TB/s.
  const double kv_bytes = 8.0 * 2048 * 2 * 8 * 256 * 2;
  CHECK(cost.kv_read_time_s(8 * 2048) == Approx(2 * (8e-6 + kv_bytes / 0.5e12)).epsilon(0.1));
  CHECK(cost.overhead_s == Approx(2 * 4 * 1e-6));  // four empty kernels a layer
  CHECK(cost.iteration_s(hexgen::prefill_shape(100)) ==
        Approx(cost_terms(cost, hexgen::prefill_shape(100)).iteration_s()));
}

TEST_CASE("prefill attention, norms, RoPE and activation take measured times") {
  const StageCost cost = cost_of(completely_measured_cluster(), {0}, 2);
  // A prompt of 1024 tokens, 16 heads of 256, both layers: 6 us and the FLOPs at 40 TFLOP/s.
  const double flops = 4.0 * 16 * 256 * (1024.0 * 1025 / 2);
  CHECK(cost.prefill_time_s(1024.0 * 1025 / 2) == Approx(2 * (6e-6 + flops / 40e12)));
  // Norms 8 x 4096, RoPE 2 x 24 x 256, activation 3 x 8192 elements of 2 bytes: 138 KB a token.
  const double bytes = 2.0 * (8 * 4096 + 2 * 24 * 256 + 3 * 8192);
  CHECK(cost.elementwise_time_s(64) == Approx(2 * (7e-6 + 64 * bytes / 0.4e12)));
  CHECK(cost.overhead_s == Approx(50e-6));  // of the step; no launches besides
  // Half of both on two GPUs: between the points a straight line, which these timings are.
  const StageCost half = cost_of(completely_measured_cluster(), {0, 1}, 2);
  CHECK(half.prefill_time_s(1024.0 * 1025 / 2) == Approx(2 * (6e-6 + flops / 2 / 40e12)));
  const auto prompt = hexgen::prefill_shape(300);
  CHECK(cost.iteration_s(prompt) == Approx(cost_terms(cost, prompt).iteration_s()));
}

TEST_CASE("hand-offs and tokens between measured nodes take their times") {
  const Cluster cluster = cluster_of_measured_nodes();
  const auto cost = [&](const std::vector<int>& devices, bool last, const std::vector<int>& next) {
    return stage_cost(model(), cluster, devices, 2, {.first = !last, .last = last}, next);
  };
  const double tokens = 1e6 / (4096 * 2);
  CHECK(cost({0}, false, {1}).handoff_time_s({.new_tokens = tokens}) == Approx(200e-6 + 250e-6));
  // 64 MB are the most that was measured; twice as many go on along the fitted line.
  CHECK(cost({0}, false, {1}).handoff_time_s({.new_tokens = 128 * tokens}) ==
        Approx(200e-6 + 128e6 / 4e9));
  CHECK(cost({1}, true, {0}).handoff_time_s({.logit_rows = 1}) == Approx(60e-6).epsilon(1e-3));
  // A leader of two broadcasts in 10 us and at 100 GB/s.
  CHECK(cost({0}, false, {1, 2}).handoff_time_s({.new_tokens = tokens}) ==
        Approx(200e-6 + 250e-6 + 10e-6 + 10e-6));
  CHECK(cost({1}, false, {3}).measured_handoff == nullptr);  // 1 ms, 1 GB/s by the cluster file
  CHECK(cost({3}, true, {1}).handoff_time_s({.logit_rows = 1}) == Approx(1e-3).epsilon(1e-3));
}

TEST_CASE("all-reduces of two devices on two measured nodes take their times") {
  const Cluster cluster = cluster_of_measured_nodes();
  // 1 MB is 122.07 tokens of 4096 elements; two all-reduces in each of two layers.
  const double tokens = 1e6 / (4096 * 2);
  CHECK(cost_of(cluster, {0, 1}, 2).all_reduce_time_s(tokens) == Approx(4 * (90e-6 + 500e-6)));
  CHECK(cost_of(cluster, {0, 3}, 2).measured_all_reduce == nullptr);     // n0 and n2
  CHECK(cost_of(cluster, {0, 1, 2}, 2).measured_all_reduce == nullptr);  // two were measured
}

TEST_CASE("no time of a measured stage lies below its envelope of plain rooflines") {
  const StageCost cost = cost_of(completely_measured_cluster(), {0, 1}, 2, {2});
  const StageCost envelope = lower_envelope(cost);
  CHECK(envelope.gemms[0].measured == nullptr);
  CHECK(envelope.measured_kv_read == nullptr);
  for (double rows = 1; rows < 20000; rows *= 1.3) {
    const hexgen::BatchShape shape = {
        .new_tokens = rows, .kv_read_tokens = 100 * rows, .prefill_pairs = rows * rows};
    CHECK(envelope.iteration_s(shape) <= cost.iteration_s(shape) * (1 + 1e-12));
    CHECK(envelope.handoff_time_s(shape) <= cost.handoff_time_s(shape) * (1 + 1e-12));
  }
  CHECK(envelope.gemms[1].time_s(16) == Approx(cost.gemms[1].time_s(16)).epsilon(0.25));
}

TEST_CASE("measured coefficients still grow by a constant with every layer") {
  const Cluster cluster = measured_cluster();
  const auto decode = hexgen::decode_shape(8, 700);
  const double one = cost_of(cluster, {0, 1}, 1).iteration_s(decode);
  const double two = cost_of(cluster, {0, 1}, 2).iteration_s(decode);
  const double four = cost_of(cluster, {0, 1}, 4).iteration_s(decode);
  CHECK(four - two == Approx(2 * (two - one)));
}

TEST_CASE("all-reduces and hand-offs inside a node take measured times, others the fitted ones") {
  const Cluster cluster = measured_cluster();
  const double tokens = 1e6 / (4096 * 2);
  // Two a layer, four layers: two steps of 3 us and half of 2 * 1 MB at 150 GB/s.
  CHECK(cost_of(cluster, {0, 1}, 4).all_reduce_time_s(tokens) ==
        Approx(8 * (2 * 3e-6 + 1e6 / 150e9)));
  CHECK(cost_of(cluster, {0, 1}, 4).measured_all_reduce != nullptr);
  CHECK(cost_of(cluster, {0}, 4, {1}).handoff_time_s({.new_tokens = tokens}) ==
        Approx(10e-6 + 1e6 / 200e9));
  CHECK(cost_of(cluster, {0}, 4, {1}).measured_handoff != nullptr);
  CHECK(cost_of(cluster, {0}, 4, {1, 2}).measured_handoff == nullptr);  // with a broadcast
}

TEST_CASE("8-bit weights have no measured products, but measured attention") {
  ModelSpec fp8 = model();
  fp8.weight_bytes_per_parameter = 1;
  const StageCost cost = cost_of(measured_cluster(), {0}, 2, {1}, fp8);
  CHECK(cost.gemms[0].measured == nullptr);
  CHECK(cost.measured_kv_read != nullptr);
}

TEST_CASE("a group with a GPU that was not measured keeps the constants of the slowest") {
  const Cluster cluster = apply_profile(
      round_cluster({round_gpu("measured", 80), round_gpu("other", 80)}, {{0, 2}, {1, 2}}),
      synthetic_profile("measured", 10e-6),
      hexgen::Catalogue({}, {}),
      "p.json");
  const StageCost cost = cost_of(cluster, {0, 2}, 1);
  CHECK(cost.gemms[0].measured == nullptr);
  CHECK(cost.measured_kv_read == nullptr);
  CHECK(cost.measured_all_reduce == nullptr);
}

TEST_CASE("a profile may be applied to the cluster of a plan that was made with it") {
  const Cluster once = measured_cluster();
  const Cluster twice = apply_profile(
      once, synthetic_profile("measured", 10e-6), hexgen::Catalogue({}, {}), "p.json");
  CHECK(twice.intra_link_of(0).name == once.intra_link_of(0).name);
  CHECK(twice.gpu_of(0).efficiency == once.gpu_of(0).efficiency);
}

TEST_CASE("iterations outside of the measured range are found, and told how far they lie") {
  const StageCost cost = cost_of(measured_cluster(), {0, 1}, 1);
  CHECK(farthest_outside(cost, {.new_tokens = 4096}) == 1);
  CHECK(farthest_outside(cost, {.new_tokens = 16384}) == 4);  // GEMMs up to 4096 rows
  std::vector<hexgen::Extrapolation> found;
  note_extrapolations(cost, {.new_tokens = 16384}, found);
  note_extrapolations(cost, {.new_tokens = 8192}, found);
  const std::string text = describe(found);
  CHECK(text.find("output projection (4.0 times)") != std::string::npos);
  // 8 heads of 256 on two GPUs: 2048 inner rows, half of the 4096 that all products had.
  CHECK(text.find("output projection (matrix, 2.0 times)") != std::string::npos);
  CHECK(text.find("all-reduce (2.1 times)") != std::string::npos);  // 134 MB of 64 MB
  CHECK(hexgen::describe(std::vector<hexgen::Extrapolation>{}).empty());
  // Prompts and rows were measured up to 4096: twice as long a prompt has four times the pairs.
  const StageCost complete = cost_of(completely_measured_cluster(), {0}, 1);
  found.clear();
  note_extrapolations(complete, hexgen::prefill_shape(8192), found);
  CHECK(describe(found).find("prefill attention (4.0 times)") != std::string::npos);
  CHECK(describe(found).find("norms, RoPE, activation (2.0 times)") != std::string::npos);
}

TEST_CASE(
    "of timings left out of the shipped profiles products and exchanges are predicted within 10 %, "
    "decode attention and small kernels within 15 %, attention of prompts within 30 %") {
  for (const char* path : {"profiles/measured/H100-SXM5-80GB/1-gpu.json",
                           "profiles/measured/H200-SXM5-141GB/2-gpus.json"}) {
    CAPTURE(path);
    const auto profile = hexgen::read_profile(path);
    const auto errors = hexgen::held_out_errors(profile);
    CHECK(errors.size() == (profile.transfers.empty() ? 3 : 9));
    for (const hexgen::HeldOutError& error : errors) {
      CAPTURE(error.operator_name);
      CAPTURE(error.left_out);
      CHECK(error.interpolated.rows >= 4);
      const std::map<std::string, double> looser = {{"decode attention", 0.15},
                                                    {"norms, RoPE, activation", 0.15},
                                                    {"prefill attention", 0.3}};
      const auto bound = looser.find(error.operator_name);
      CHECK(error.interpolated.median < (bound == looser.end() ? 0.1 : bound->second));
      if (error.operator_name == "GEMM") {
        CHECK(error.interpolated.median < error.by_constants.median);
        CHECK(error.interpolated.p90 < error.by_constants.p90);
      }
    }
    std::ostringstream table;
    print_held_out(errors, table);
    CHECK(table.str().find("| decode attention | every other amount of KV cache |") !=
          std::string::npos);
  }
}

TEST_CASE("constants that timings were made from predict those that are left out") {
  const auto errors = hexgen::held_out_errors([] {
    auto profile = synthetic_profile("NVIDIA H200", 10e-6);
    for (double bytes = 16e3; bytes < 64e6; bytes *= 3) {
      profile.transfers.push_back({0, 1, bytes, hexgen::test::exactly(10e-6 + bytes / 200e9)});
    }
    return profile;
  }());
  CHECK(errors.back().operator_name == "send/recv (nccl)");
  CHECK(errors.back().by_constants.p90 < 1e-6);
  CHECK(errors.back().interpolated.median < 0.3);
}

TEST_CASE("every operator and every communicator has its own line of errors") {
  auto profile = hexgen::test::complete_profile("NVIDIA H200");
  // A communicator that was not chosen, at ten times the times.
  for (hexgen::AllReduceTiming timing : std::vector(profile.all_reduces)) {
    timing.time = hexgen::test::exactly(10 * timing.time.median_s);
    timing.carrier = {.communicator = "peer", .chosen = false};
    profile.all_reduces.push_back(timing);
  }
  std::vector<std::string> names;
  for (const hexgen::HeldOutError& error : hexgen::held_out_errors(profile)) {
    names.push_back(error.operator_name);
    if (error.operator_name != "GEMM") {
      CAPTURE(error.operator_name);
      CHECK(error.by_constants.p90 < 1e-6);  // of which the timings were made
    }
  }
  CHECK(names == std::vector<std::string>{"GEMM",
                                          "GEMM",
                                          "decode attention",
                                          "prefill attention",
                                          "norms, RoPE, activation",
                                          "all-reduce (nccl)",
                                          "all-reduce (peer)",
                                          "send/recv (nccl)"});
  CHECK_THROWS_AS(hexgen::held_out_errors({}), hexgen::InputError);
}
