#include "simulator/sweep.h"

#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "simulator/comparison.h"
#include "simulator/report_json.h"
#include "simulator/sweep_report.h"
#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

/// Requests of 3 tokens every second; 1 s an iteration, so 3 s alone here and on the reference.
LoadTest steady_test() {
  std::vector<RequestSpec> requests;
  for (int i = 0; i < 50; ++i) {
    requests.push_back({4.0 * i, 10, 3});
  }
  Slo slo;
  slo.scale = 1.0;
  return {requests, 0.25, {slo, {fixed_stage(1.0)}}, {}, {.warmup_share = 0}};
}

std::string sweep_text(std::size_t threads) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  const LoadTest test = steady_test();
  const SweepGrid grid = {.rates_per_s = {0.1, 0.25, 0.5, 1}, .slo_scales = {1, 2, 4, 8}};
  const SweepResult result = sweep(one_replica(fixed_replica({1.0}, 2)), test, grid, [] {});
  return sweep_to_json({RunSetup{}, grid, result, test.level().slo()}).dump();
}

}  // namespace

TEST_CASE("a sweep judges every rate at every scale") {
  const LoadTest test = steady_test();
  const auto system = one_replica(fixed_replica({1.0}));
  const SweepGrid grid = {.rates_per_s = {0.25, 0.5}, .slo_scales = {0.9, 1.0, 100}};
  std::atomic<int> parts = 0;
  const SweepResult result = sweep(system, test, grid, [&parts] { ++parts; });
  CHECK(parts == 5);
  // At one request in 4 s nobody waits: 3 s each, exactly the reference. At one in 2 s, request i
  // waits i seconds: 3 + i against 3, the 50th at scale 52/3.
  CHECK(result.points[0].attainment == std::vector<double>{0, 1, 1});
  CHECK(result.points[0].lowest_slo_scale == 1.0);
  CHECK(result.points[1].attainment == std::vector<double>{0, 0.02, 1});
  CHECK(*result.points[1].lowest_slo_scale == doctest::Approx(52.0 / 3));
  // No rate meets 0.9; 1 is met up to one request in 3 s; 100 is met as long as nothing piles up,
  // which is up to the same rate and the 2 % that are called saturation.
  CHECK(result.highest_rates_per_s[0] == 0);
  CHECK(result.highest_rates_per_s[1] <= 1.0 / 3 + 1e-9);
  CHECK(result.highest_rates_per_s[1] > 0.98 / 3);
  CHECK(result.highest_rates_per_s[2] > 0.98 / 3);
  CHECK(result.highest_rates_per_s[2] < 1.03 / 3);
}

TEST_CASE("a sweep gives the same bytes with 1, 2 and 8 threads") {
  const std::string one = sweep_text(1);
  CHECK(sweep_text(2) == one);
  CHECK(sweep_text(8) == one);
}

TEST_CASE("paired differences are of the same request under both plans") {
  // 40 requests, 10 s apart: 1 s and 3 s alone, no interaction. Each is 2 s slower.
  std::vector<RequestSpec> requests;
  for (int i = 0; i < 40; ++i) {
    requests.push_back({10.0 * i, 10, 1});
  }
  const auto fast = play(one_replica(fixed_replica({1.0})), requests);
  const auto slow = play(one_replica(fixed_replica({3.0})), requests);
  const PairedDifference slower = compare_e2e(fast, slow, 10);
  CHECK(slower.pairs == 30);
  CHECK(slower.mean_s == doctest::Approx(2.0));
  CHECK(slower.half_width_s == doctest::Approx(0.0));
  CHECK(slower.faster_share == 0);
  CHECK(compare_e2e(slow, fast, 0).faster_share == 1);
  CHECK(compare_e2e(fast, slow, 40).pairs == 0);
}
