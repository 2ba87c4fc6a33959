#include "profiles/profile_fit.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
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
  for (const double bytes : {8e3, 1e6, 64e6}) {  // a second pair at half the bandwidth
    profile.transfers.push_back({0, 2, bytes, hexgen::test::exactly(12e-6 + bytes / 100e9)});
  }
  const LinkType link = fit_link(profile, {.name = "base"});
  CHECK(link.name == "base");
  CHECK(link.link.latency_s == Approx(12e-6));
  CHECK(link.link.bandwidth_bytes_per_s == Approx(100e9));
  CHECK(link.all_reduce_latency_s == Approx(3e-6));
  CHECK(link.all_reduce_fraction == Approx(1.5));  // 150 GB/s of the pair's 100
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
