#include <doctest/doctest.h>

#include <set>

#include "profiles/errors.h"
#include "runner/profiler/machine_profiler.h"

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
      profile_machine({.devices = {{0}}}, [&](const std::string&) { ++lines; });
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
  for (const hexgen::PrefillAttentionTiming& attention : gpu.prefill_attention) {
    check_spread(attention.time);
  }
  REQUIRE(gpu.elementwise.size() >= 2);
  CHECK(gpu.elementwise[0].time.median_s < gpu.elementwise[6].time.median_s);  // 1 and 4096 rows
  REQUIRE(gpu.steps.size() >= 2);
  CHECK(gpu.steps.front().time.median_s < gpu.steps.back().time.median_s);
}

TEST_CASE("two parts of a GPU are measured once, slower than the whole, with links by peer alone") {
  const MeasuredProfile profile = profile_machine({.devices = {{0, 16}, {0, 16}}}, {});
  REQUIRE(profile.gpus.size() == 1);
  CHECK(profile.gpus[0].sm_limit == 16);
  CHECK(profile.gpus[0].multiprocessors == 16);
  const hexgen::ReadTiming& read = profile.gpus[0].reads.back();
  CHECK(read.time.median_s > read.bytes / 3e12);  // far from what all multiprocessors read
  REQUIRE(!profile.all_reduces.empty());
  REQUIRE(!profile.transfers.empty());
  for (const hexgen::AllReduceTiming& timing : profile.all_reduces) {
    CHECK(timing.carrier == hexgen::Carrier{"peer", true});
    check_spread(timing.time);
  }
  CHECK(profile.transfers.front().from == profile.transfers.front().to);
}

TEST_CASE("GPUs that do not exist are refused") {
  CHECK_THROWS_AS(profile_machine({.devices = {{9999}}}, {}), InputError);
}
