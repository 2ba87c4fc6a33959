#include "profiles/timings.h"

#include <doctest/doctest.h>

#include "profiles/profile_fit.h"
#include "tests/support/clusters.h"
#include "tests/support/synthetic_profile.h"

using doctest::Approx;
using hexgen::GpuTimings;
using hexgen::MeasuredCurve;
using hexgen::test::round_gpu;
using hexgen::test::synthetic_gpu;
using hexgen::test::synthetic_profile;

TEST_CASE("a curve is exact at its points and straight between them") {
  const MeasuredCurve curve({{4, 8e-6}, {1, 2e-6}, {64, 8e-6}});
  CHECK(curve.time_s(1) == 2e-6);
  CHECK(curve.time_s(4) == 8e-6);
  CHECK(curve.time_s(64) == 8e-6);
  CHECK(curve.time_s(2) == Approx(4e-6));  // a third of the way from 2 us to 8 us
  CHECK(curve.time_s(16) == 8e-6);
  CHECK(curve.time_s(0.25) == 2e-6);
  CHECK(curve.time_s(1000) == 8e-6);
  CHECK(curve.smallest() == 1);
  CHECK(curve.largest() == 64);
}

TEST_CASE("between two points a curve does not leave their times") {
  const MeasuredCurve curve({{1, 3e-6}, {7, 5e-6}, {9, 4e-6}});
  double last = 0;
  for (double size = 1; size <= 7; size += 0.25) {
    CHECK(curve.time_s(size) >= last);
    last = curve.time_s(size);
  }
  CHECK(last == 5e-6);
  for (double size = 7; size <= 9; size += 0.25) {
    CHECK(curve.time_s(size) <= last);
    last = curve.time_s(size);
  }
}

TEST_CASE("several timings of one size count by their geometric mean") {
  CHECK(MeasuredCurve({{5, 2e-6}, {5, 8e-6}}).time_s(5) == Approx(4e-6));
}

TEST_CASE("measured matrices are looked up, others follow overhead and roofline of the measured") {
  // Timings that overhead and roofline explain: every ratio is 1 where one side of the roofline
  // rules, so a matrix between the measured ones has their roofline's time.
  auto gpu = synthetic_gpu("g", {});
  auto type = round_gpu("round", 80);
  type.efficiency = fit_efficiency({gpu}, type);
  const GpuTimings timings({gpu}, type);
  const auto known = timings.gemm(4096, 1024);
  CHECK(known->beyond == 1);
  CHECK(known->by_rows.time_s(16) == gpu.gemms[1].time.median_s);
  CHECK(timings.gemm(4096, 1024) == known);  // remembered
  const auto between = timings.gemm(4096, 8192);
  CHECK(between->beyond == 1);
  CHECK(between->by_rows.time_s(1) == Approx(3e-6 + 2.0 * 4096 * 8192 / 0.8e12).epsilon(0.01));
  CHECK(between->by_rows.time_s(4096) == Approx(2.0 * 4096 * 4096 * 8192 / 60e12).epsilon(0.02));
}

TEST_CASE("a matrix outside of all that were measured says how far") {
  auto gpu = synthetic_gpu("g", {});
  auto type = round_gpu("round", 80);
  type.efficiency = fit_efficiency({gpu}, type);
  const GpuTimings timings({gpu}, type);
  CHECK(timings.gemm(4096, 32768)->beyond == Approx(2));  // measured up to 16384 columns
  CHECK(timings.gemm(1024, 4096)->beyond == Approx(4));   // measured with 4096 alone
}

TEST_CASE("attention is looked up by the bytes that it reads, links by GPUs and bytes") {
  const auto profile = synthetic_profile("g", 10e-6);
  auto type = round_gpu("round", 80);
  type.efficiency = fit_efficiency(profile.gpus, type);
  const GpuTimings timings(profile.gpus, type);
  const double bytes = 4.0 * 8 * 512 * 8 * 128;
  CHECK(timings.attention().time_s(bytes) == Approx(8e-6 + bytes / 0.5e12));
  const hexgen::LinkTimings links(profile);
  REQUIRE(links.all_reduce(3) != nullptr);
  CHECK(links.all_reduce(3)->time_s(1e6) == Approx(4 * 3e-6 + 4.0 / 3 * 1e6 / 150e9));
  CHECK(links.all_reduce(5) == nullptr);
  REQUIRE(links.transfer() != nullptr);
  CHECK(links.transfer()->time_s(8e3) == Approx(10e-6 + 8e3 / 200e9));
}

TEST_CASE("of several pairs the slowest transfer counts") {
  auto profile = synthetic_profile("g", 10e-6);
  for (const double bytes : {8e3, 64e6}) {
    profile.transfers.push_back({0, 2, bytes, hexgen::test::exactly(bytes / 100e9)});
  }
  CHECK(hexgen::LinkTimings(profile).transfer()->time_s(64e6) == Approx(64e6 / 100e9));
}
