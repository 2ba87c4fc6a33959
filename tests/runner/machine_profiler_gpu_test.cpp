#include <doctest/doctest.h>

#include <set>

#include "profiles/errors.h"
#include "runner/machine_profiler.h"

using hexgen::GpuMeasurement;
using hexgen::InputError;
using hexgen::MeasuredProfile;
using hexgen::profile_machine;
using hexgen::Timing;

namespace {

void check_spread(const Timing& time) {
  CHECK(time.p10_s > 0);
  CHECK(time.p10_s <= time.median_s);
  CHECK(time.median_s <= time.p90_s);
}

}  // namespace

TEST_CASE("a profile of one GPU times every shape, and larger work takes longer") {
  int lines = 0;
  const MeasuredProfile profile =
      profile_machine({.gpus = {0}}, [&](const std::string&) { ++lines; });
  CHECK(lines >= 3);
  REQUIRE(profile.gpus.size() == 1);
  CHECK(profile.all_reduces.empty());
  const GpuMeasurement& gpu = profile.gpus[0];
  CHECK(gpu.usable_memory_bytes < gpu.memory_bytes);
  check_spread(gpu.launch);
  check_spread(gpu.graph_launch);
  std::set<int> rows;
  for (const hexgen::GemmTiming& gemm : gpu.gemms) {
    check_spread(gemm.time);
    rows.insert(gemm.rows);
  }
  CHECK(*rows.begin() == 1);
  CHECK(*rows.rbegin() == 4096);
  CHECK(gpu.gemms.front().time.median_s < gpu.gemms.back().time.median_s);
  REQUIRE(gpu.reads.size() >= 2);
  CHECK(gpu.reads.front().time.median_s < gpu.reads.back().time.median_s);
  for (const hexgen::AttentionTiming& attention : gpu.attention) {
    check_spread(attention.time);
  }
}

TEST_CASE("GPUs that do not exist or are named twice are refused") {
  CHECK_THROWS_AS(profile_machine({.gpus = {9999}}, {}), InputError);
  CHECK_THROWS_WITH_AS(
      profile_machine({.gpus = {0, 0}}, {}), "--gpus: 0 is named twice", InputError);
}
