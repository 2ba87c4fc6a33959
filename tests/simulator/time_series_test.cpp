#include "simulator/time_series.h"

#include <doctest/doctest.h>

#include <numeric>

#include "tests/simulator/random_case.h"
#include "tests/simulator/recording.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr SimTime kMs = 1'000'000;

TimeSeries series_of(const ServingSystem& system, const std::vector<RequestSpec>& requests) {
  SeriesRecorder recorder(system);
  return recorder.series(system, {}, simulate(system, *replay_arrivals(requests), {}, &recorder));
}

}  // namespace

TEST_CASE("an integral is split between the buckets that it covers") {
  // 3 from 0.5 ms to 2.25 ms: 1.5, 3 and 0.75 ms.
  TimeIntegral integral;
  integral.add(kMs / 2, 2 * kMs + kMs / 4, 3);
  CHECK(integral.sums(kMs, 4) == std::vector<std::int64_t>{3 * kMs / 2, 3 * kMs, 3 * kMs / 4, 0});
  CHECK(integral.sums(2 * kMs, 2) == std::vector<std::int64_t>{9 * kMs / 2, 3 * kMs / 4});
}

TEST_CASE("buckets are merged in pairs when time runs beyond them") {
  // 200 buckets of 1 ms hold 200 ms; 200 ms and 1 ns need 2 ms, and 101 of them.
  CHECK(TimeIntegral::width_for(200 * kMs) == kMs);
  CHECK(TimeIntegral::width_for(200 * kMs + 1) == 2 * kMs);
  CHECK(TimeIntegral::width_for(3'600'000 * kMs) == 32'768 * kMs);
  TimeIntegral integral;
  integral.add(0, 200 * kMs, 1);
  integral.add(200 * kMs, 200 * kMs + 1, 5);
  const std::vector<std::int64_t> sums = integral.sums(2 * kMs, 101);
  CHECK(sums[0] == 2 * kMs);
  CHECK(sums[99] == 2 * kMs);
  CHECK(sums[100] == 5);
  CHECK(integral.total() == 200 * kMs + 5);
}

TEST_CASE("the series of a small run are those worked out by hand") {
  // One stage of 0.16 s an iteration, room for one request. A (0 s, one token) runs 0..0.16 s; B
  // (0.08 s, 2 tokens) waits until 0.16 and runs until 0.48. Buckets: 0.48 s needs 4 ms (120).
  const TimeSeries series =
      series_of(one_replica(fixed_replica({0.16})), {{0.0, 16, 1}, {0.08, 16, 2}});
  CHECK(series.bucket_s == 0.004);
  CHECK(series.end_s == 0.48);
  REQUIRE(series.buckets() == 120);
  CHECK(series.arrivals[0] == 1);
  CHECK(series.arrivals[20] == 1);      // 0.08 s
  CHECK(series.completions[40] == 1);   // 0.16 s
  CHECK(series.completions[119] == 1);  // 0.48 s: the end belongs to the last bucket
  const ReplicaSeries& replica = series.replicas.at(0);
  CHECK(replica.stage_utilisation.at(0) == std::vector<double>(120, 1.0));
  CHECK(replica.waiting[19] == 0.0);
  CHECK(replica.waiting[20] == 1.0);
  CHECK(replica.waiting[39] == 1.0);
  CHECK(replica.waiting[40] == 0.0);
  // A holds a block of 65,536 (2^20 tokens); so does B, and two from its second token on, which is
  // the 17th in its cache, at 0.32 s.
  CHECK(replica.kv_utilisation[79] == 1.0 / 65536);
  CHECK(replica.kv_utilisation[80] == 2.0 / 65536);
  const ReplicaUse& use = series.use.at(0);
  CHECK(use.kv_blocks == 65536);
  CHECK(use.peak_kv_blocks == 2);
  CHECK(use.running == 1.0);
  CHECK(use.waiting == doctest::Approx(0.08 / 0.48));
  CHECK(use.waiting_share == doctest::Approx(0.08 / 0.48));
  CHECK(use.kv_utilisation == doctest::Approx((0.32 * 1 + 0.16 * 2) / 0.48 / 65536));
  CHECK(use.served == std::vector<std::int64_t>{3});
}

TEST_CASE("hand-offs are summed up by the stage that they leave") {
  ReplicaModel replica = fixed_replica({1.0, 2.0});
  replica.stages[0].handoff_s = 0.5;
  replica.stages[1].handoff_s = 0.25;
  // A prompt and two decode steps: three passages.
  const TimeSeries series = series_of(one_replica(replica), {{0.0, 10, 3}});
  CHECK(series.use.at(0).hand_off_s == std::vector<double>{1.5, 0.75});
}

TEST_CASE("series add up to the totals of the run") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    SeriesRecorder recorder(random.system);
    const SimulationResult result = random.play(true, &recorder);
    const TimeSeries series = recorder.series(random.system, random.options, result);
    const auto sum = [](const auto& values) {
      return std::accumulate(values.begin(), values.end(), std::int64_t{0});
    };
    REQUIRE(series.buckets() <= TimeIntegral::kMostBuckets);
    REQUIRE(sum(series.arrivals) == 100);
    const auto completed = std::count_if(
        result.requests.begin(), result.requests.end(), [](auto& r) { return r.completed(); });
    REQUIRE(sum(series.completions) == completed);
    for (std::size_t r = 0; r < series.replicas.size(); ++r) {
      for (std::size_t s = 0; s < result.stage_busy_s[r].size(); ++s) {
        double busy_s = 0;
        for (std::size_t b = 0; b < series.buckets(); ++b) {
          const double begin_s = static_cast<double>(b) * series.bucket_s;
          const double share = series.replicas[r].stage_utilisation[s][b];
          REQUIRE(share <= 1.0);
          busy_s += share * std::min(series.bucket_s, series.end_s - begin_s);
        }
        REQUIRE(busy_s == doctest::Approx(result.stage_busy_s[r][s]).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("a run in which everything is rejected has one empty bucket") {
  ReplicaModel replica = fixed_replica({1.0});
  replica.kv_capacity_tokens = 16;
  const TimeSeries series = series_of(one_replica(replica), {{0.0, 100, 1}});
  CHECK(series.arrivals == std::vector<std::int64_t>{1});
  CHECK(series.completions == std::vector<std::int64_t>{0});
  CHECK(series.replicas.at(0).running == std::vector<double>{0.0});
}
