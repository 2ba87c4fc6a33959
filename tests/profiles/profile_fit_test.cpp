#include "profiles/profile_fit.h"

#include <doctest/doctest.h>

#include "profiles/apply_profile.h"
#include "profiles/errors.h"
#include "profiles/timings.h"
#include "tests/support/clusters.h"
#include "tests/support/synthetic_profile.h"

using doctest::Approx;
using hexgen::Catalogue;
using hexgen::Cluster;
using hexgen::GpuEfficiency;
using hexgen::InputError;
using hexgen::LinkType;
using hexgen::MeasuredProfile;
using hexgen::test::round_cluster;
using hexgen::test::round_gpu;
using hexgen::test::synthetic_gpu;
using hexgen::test::synthetic_profile;

TEST_CASE("a fit finds the constants that timings were made from") {
  // The type's data sheet: 1 TB/s and 100 TFLOP/s.
  const GpuEfficiency fitted = fit_efficiency({synthetic_gpu("g", {})}, round_gpu("round", 80));
  CHECK(fitted.memory_fraction == Approx(0.8));
  CHECK(fitted.attention_fraction == Approx(0.5));
  CHECK(fitted.compute_fraction == Approx(0.6));
  // Expectation: 4 GEMMs of 3 us, attention of 8 us, 4 empty kernels of 1 us = 24 us.
  CHECK(fitted.layer_overhead_s == Approx(24e-6));
  CHECK(fitted.origin == "measured");
}

TEST_CASE("kernels between the products and steps count with what they take at least") {
  const MeasuredProfile profile = hexgen::test::complete_profile("g");
  const GpuEfficiency fitted = fit_efficiency(profile.gpus, round_gpu("round", 80));
  // Expectation: 4 GEMMs of 3 us, attention of 8 us, norms, RoPE and activation of 7 us = 27 us.
  CHECK(fitted.layer_overhead_s == Approx(27e-6));
  CHECK(fitted.step_overhead_s == Approx(50e-6));
  CHECK(fit_elementwise(profile.gpus).variable == Approx(1 / 0.4e12));
  CHECK(fit_prefill_attention(profile.gpus).variable == Approx(1 / 40e12));
}

TEST_CASE("a part of a GPU that is faster than its made-up data sheet reaches all of it") {
  hexgen::GpuType slow = round_gpu("slow", 80);
  slow.memory_bandwidth_bytes_per_s = 0.6e12;
  slow.dense_flops_per_s = 50e12;
  const GpuEfficiency fitted = fit_efficiency({synthetic_gpu("g", {})}, slow);
  CHECK(fitted.memory_fraction == 1);
  CHECK(fitted.attention_fraction == Approx(0.5 / 0.6));
  CHECK(fitted.compute_fraction == 1);
}

TEST_CASE("noise that would make an overhead negative leaves it at zero") {
  hexgen::GpuMeasurement gpu = synthetic_gpu("g", {.gemm_overhead_s = 0});
  for (hexgen::GemmTiming& gemm : gpu.gemms) {
    // The smallest matrix 10 % too fast: a straight line would start below zero.
    gemm.time.median_s *= gemm.columns == 1024 ? 0.9 : 1.0;
  }
  const GpuEfficiency fitted = fit_efficiency({gpu}, round_gpu("round", 80));
  CHECK(fitted.layer_overhead_s == Approx(8e-6 + 4e-6));
  CHECK(fitted.memory_fraction > 0.8);
  CHECK(fitted.memory_fraction < 0.8 / 0.9);
}

TEST_CASE("timings that cannot tell overhead and bandwidth apart are refused") {
  hexgen::GpuMeasurement gpu = synthetic_gpu("g", {});
  gpu.attention.resize(1);
  CHECK_THROWS_WITH_AS(
      fit_efficiency({gpu}, round_gpu("round", 80)),
      "the timings of decode attention are too few or too alike to fit overhead and bandwidth",
      InputError);
  gpu = synthetic_gpu("g", {});
  gpu.gemms.resize(2);  // rows 1 and 16
  gpu.gemms.push_back(synthetic_gpu("g", {}).gemms[5]);
  CHECK_THROWS_WITH_AS(fit_efficiency({gpu}, round_gpu("round", 80)),
                       "there is no GEMM of 2048 rows or more",
                       InputError);
}

TEST_CASE("the slowest pair and the ring constants of the all-reduces become the link") {
  MeasuredProfile profile = synthetic_profile("g", 10e-6);
  for (const double bytes : {8e3, 1e6, 64e6}) {  // a second pair of less bandwidth
    profile.transfers.push_back({0, 2, bytes, hexgen::test::exactly(12e-6 + bytes / 160e9)});
  }
  const LinkType link = fit_link(profile, {.name = "base"});
  CHECK(link.name == "base");
  CHECK(link.link.latency_s == Approx(12e-6));
  CHECK(link.link.bandwidth_bytes_per_s == Approx(160e9));
  CHECK(link.all_reduce_latency_s == Approx(3e-6));
  CHECK(link.all_reduce_fraction == Approx(150.0 / 160));
  CHECK(link.origin == "measured");
}

TEST_CASE("a profile replaces efficiency and links of its GPU type and of no other") {
  // n0: 4 measured GPUs, n1: 2 others, n2: a single measured GPU, which has no link inside.
  const Cluster before =
      round_cluster({round_gpu("measured", 80), round_gpu("other", 24)}, {{0, 4}, {1, 2}, {0, 1}});
  const Catalogue catalogue({{.type = round_gpu("measured", 80), .aliases = {"ACME Measured"}}},
                            {});
  const Cluster after =
      apply_profile(before, synthetic_profile("ACME Measured", 10e-6), catalogue, "p.json");
  CHECK(after.gpu_of(0).efficiency.memory_fraction == Approx(0.8));
  CHECK(after.gpu_of(4).efficiency.memory_fraction == 1.0);
  CHECK(after.intra_link_of(0).name == "round:measured");
  CHECK(after.intra_link_of(0).link.bandwidth_bytes_per_s == Approx(200e9));
  CHECK(after.intra_link_of(1).name == "round");
  CHECK(after.intra_link_of(2).name == "round");
  CHECK(after.node_link(0, 1) == before.node_link(0, 1));
  CHECK(after.num_devices() == 7);
}

TEST_CASE("links are those of the communicators that were chosen") {
  MeasuredProfile profile = synthetic_profile("g", 10e-6);
  const LinkType chosen = fit_link(profile, {.name = "base"});
  for (hexgen::TransferTiming timing : std::vector(profile.transfers)) {
    timing.time = hexgen::test::exactly(10 * timing.time.median_s);
    timing.carrier = {.communicator = "nccl", .chosen = false};
    profile.transfers.push_back(timing);
  }
  for (hexgen::AllReduceTiming timing : std::vector(profile.all_reduces)) {
    timing.time = hexgen::test::exactly(10 * timing.time.median_s);
    timing.carrier = {.communicator = "nccl", .chosen = false};
    profile.all_reduces.push_back(timing);
  }
  const LinkType link = fit_link(profile, {.name = "base"});
  CHECK(link.link == chosen.link);
  CHECK(link.all_reduce_fraction == chosen.all_reduce_fraction);
  const hexgen::LinkTimings timings(profile);
  CHECK(timings.transfer()->time_s(64e6) == Approx(10e-6 + 64e6 / 200e9));
  CHECK(timings.all_reduce(2)->time_s(64e6) == Approx(6e-6 + 64e6 / 150e9));
}

TEST_CASE("a GPU type with a limit of multiprocessors matches a part of that size and kind alone") {
  hexgen::GpuType part = round_gpu("H200-24SM", 80);
  part.sm_limit = 24;
  part.compute_capability = 90;
  const Cluster before = round_cluster({part, round_gpu("H200-SXM5-141GB", 80)}, {{0, 2}, {1, 1}});
  const auto measured = [&](int sm_limit, int compute_capability) {
    MeasuredProfile profile = synthetic_profile("NVIDIA H200", 10e-6);
    for (hexgen::GpuMeasurement& gpu : profile.gpus) {
      gpu.sm_limit = sm_limit;
      gpu.compute_capability = compute_capability;
    }
    return profile;
  };
  const auto applied = [&](const MeasuredProfile& profile) {
    const Cluster after = apply_profile(before, profile, Catalogue::builtin(), "p.json");
    return std::pair{after.gpu_of(0).timings != nullptr, after.gpu_of(2).timings != nullptr};
  };
  CHECK(applied(measured(24, 90)) == std::pair{true, false});
  CHECK(applied(measured(0, 90)) == std::pair{false, true});
  CHECK_THROWS_WITH_AS(
      applied(measured(32, 90)),
      "p.json: gpus[0].name: no node of the cluster has a NVIDIA H200 of 32 multiprocessors",
      InputError);
  CHECK_THROWS_AS(applied(measured(24, 80)), InputError);
}

TEST_CASE("a profile between hosts replaces the links between the nodes that it names") {
  MeasuredProfile profile = synthetic_profile("elsewhere", 10e-6);
  profile.gpus.clear();
  hexgen::test::add_hosts(profile, "n2", "n0");
  const Cluster before = round_cluster({round_gpu("g", 80)}, {{0, 1}, {0, 1}, {0, 1}});
  const Cluster after = apply_profile(before, profile, Catalogue({}, {}), "p.json");
  for (const auto& [from, to] : {std::pair{0, 2}, std::pair{2, 0}}) {
    CHECK(after.node_link(from, to).latency_s == Approx(200e-6));
    CHECK(after.node_link(from, to).bandwidth_bytes_per_s == Approx(4e9));
    REQUIRE(after.node_timings(from, to) != nullptr);
    CHECK(after.node_timings(from, to)->transfer.time_s(1e6) == Approx(450e-6));
    CHECK(after.node_timings(from, to)->message_s == 60e-6);
  }
  CHECK(after.node_link(0, 1) == before.node_link(0, 1));
  CHECK(after.node_timings(0, 1) == nullptr);
  // Another profile, and leaving out a node, keep what was measured.
  const Cluster again =
      apply_profile(after, synthetic_profile("g", 10e-6), Catalogue({}, {}), "q.json");
  CHECK(without_nodes(again, {"n1"}).node_timings(0, 1) == after.node_timings(0, 2));
}

TEST_CASE("a profile between hosts that the cluster does not have is refused by their names") {
  MeasuredProfile profile;
  hexgen::test::add_hosts(profile, "n0", "n7");
  CHECK_THROWS_WITH_AS(apply_profile(round_cluster({round_gpu("g", 80)}, {{0, 1}, {0, 1}}),
                                     profile,
                                     Catalogue({}, {}),
                                     "p.json"),
                       "p.json: between_hosts[0]: the cluster does not have both n0 and n7",
                       InputError);
}

TEST_CASE("a profile of one GPU leaves the links alone") {
  MeasuredProfile profile = synthetic_profile("measured", 10e-6);
  profile.transfers.clear();
  profile.all_reduces.clear();
  const Cluster cluster = apply_profile(
      round_cluster({round_gpu("measured", 80)}, {{0, 4}}), profile, Catalogue({}, {}), "p.json");
  CHECK(cluster.gpu_of(0).efficiency.origin == "measured");
  CHECK(cluster.intra_link_of(0).name == "round");
}

TEST_CASE("a profile of a GPU that the cluster does not have is refused by name") {
  CHECK_THROWS_WITH_AS(apply_profile(round_cluster({round_gpu("other", 24)}, {{0, 1}}),
                                     synthetic_profile("NVIDIA H200", 1e-5),
                                     Catalogue::builtin(),
                                     "p.json"),
                       "p.json: gpus[0].name: no node of the cluster has a NVIDIA H200",
                       InputError);
}
