#include "simulator/metrics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "profiles/errors.h"
#include "simulator/load_test.h"
#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

ServiceLevel no_limits() {
  return ServiceLevel(Slo{}, {});
}

/// The reference takes 1 s an iteration: a request of n output tokens takes n seconds alone.
ServiceLevel deadline_scale(double scale) {
  Slo slo;
  slo.scale = scale;
  return {slo, {fixed_stage(1.0)}};
}

/// Every request that ends leaves in its turn: one at a time, 1 s each.
std::vector<RequestSpec> all_at_zero(int requests) {
  return std::vector<RequestSpec>(static_cast<std::size_t>(requests), {0.0, 10, 1});
}

constexpr MeasurementWindow kEverything = {.warmup_share = 0};

}  // namespace

TEST_CASE("percentiles are by nearest rank") {
  std::vector<double> samples(100);
  std::iota(samples.begin(), samples.end(), 1.0);  // 1 .. 100
  CHECK(nearest_rank(samples, 0.50) == 50);
  CHECK(nearest_rank(samples, 0.90) == 90);
  CHECK(nearest_rank(samples, 0.99) == 99);
  CHECK(nearest_rank(samples, 1.00) == 100);
  CHECK(nearest_rank({7.0}, 0.01) == 7);
  CHECK(nearest_rank({1.0, 2.0, 3.0}, 0.34) == 2);  // ceil(1.02) = 2nd
  CHECK(nearest_rank({}, 0.5) == 0);
}

TEST_CASE("a distribution is summed up as by hand") {
  // 1, 2, 3, 10: mean 4, squared deviations 9 + 4 + 1 + 36 = 50, std sqrt(12.5); median 2nd = 2.
  const Distribution d = distribution_of({10, 1, 3, 2});
  CHECK(d.count == 4);
  CHECK(d.mean_s == 4);
  CHECK(d.std_s == doctest::Approx(std::sqrt(12.5)));
  CHECK(d.median_s == 2);
  CHECK(d.p90_s == 10);
  CHECK(d.max_s == 10);
}

TEST_CASE("gaps are counted in fine buckets") {
  // 98 gaps of 1 us, exact; one of 3 ms and one of 5 s, to 0.1 %.
  GapHistogram gaps;
  gaps.add(1000, 98);
  gaps.add(3000000, 1);
  gaps.add(5000000000, 1);
  const Distribution d = gaps.distribution();
  CHECK(d.count == 100);
  CHECK(d.mean_s == doctest::Approx((98e-6 + 3e-3 + 5) / 100));
  CHECK(d.std_s == doctest::Approx(std::sqrt((98e-12 + 9e-6 + 25) / 100 - d.mean_s * d.mean_s)));
  CHECK(d.median_s == 1e-6);
  CHECK(d.p99_s <= 3e-3);
  CHECK(d.p99_s > 3e-3 * (1 - 1.0 / 1024));
  CHECK(d.max_s == 5);
  CHECK(GapHistogram().distribution() == Distribution{});
}

TEST_CASE("no bucket is more than a thousandth wide") {
  for (SimTime gap = 1; gap < 1000000000000; gap = gap * 21 / 20 + 1) {
    GapHistogram gaps;
    gaps.add(gap, 1);
    const double found = gaps.distribution().median_s;
    REQUIRE(found <= to_seconds(gap));
    REQUIRE(found >= to_seconds(gap) * (1 - 1.0 / 1024));
  }
}

TEST_CASE("attainment is the share of the window's requests within all limits") {
  // Ten requests at 0, served in turn: E2E 1 .. 10 s.
  const auto result = play(one_replica(fixed_replica({1.0})), all_at_zero(10));
  Slo slo;
  slo.e2e_s = 7.0;
  CHECK(slo_attainment(result.requests, {slo, {}}, kEverything) == 0.7);
  // The first two are warm-up: of 3 .. 10, five are within 7.
  CHECK(slo_attainment(result.requests, {slo, {}}, {.warmup_share = 0.25}) == 5.0 / 8);
  slo.ttft_s = 4.0;
  CHECK(slo_attainment(result.requests, {slo, {}}, kEverything) == 0.4);
}

TEST_CASE("a TPOT limit binds only requests with a second token") {
  Slo slo;
  slo.tpot_s = 0.5;
  const auto result = play(one_replica(fixed_replica({1.0})), {{0.0, 1, 1}, {10.0, 1, 2}});
  CHECK(slo_attainment(result.requests, {slo, {}}, kEverything) == 0.5);
}

TEST_CASE("a rejected request misses every SLO") {
  ReplicaModel replica = fixed_replica({1.0});
  replica.kv_capacity_tokens = 16;
  const auto result = play(one_replica(replica), {{0.0, 10, 1}, {0.0, 100, 1}});
  CHECK(slo_attainment(result.requests, no_limits(), kEverything) == 0.5);
}

TEST_CASE("the SLO scale is a multiple of the reference latency of the same request") {
  // 2 s an iteration here, 1 s on the reference: 5 tokens take 10 s, 5 alone there.
  const auto result = play(one_replica(fixed_replica({2.0})), {{0.0, 10, 5}});
  CHECK(normalised_latencies(result.requests, deadline_scale(1.0), kEverything) ==
        std::vector{2.0});
  CHECK(slo_attainment(result.requests, deadline_scale(2.0), kEverything) == 1.0);
  CHECK(slo_attainment(result.requests, deadline_scale(1.99), kEverything) == 0.0);
}

TEST_CASE("a scale without a reference deployment is refused") {
  Slo slo;
  slo.scale = 5.0;
  CHECK_THROWS_AS(ServiceLevel(slo, {}), InputError);
}

TEST_CASE("throughput, goodput and price are per second of the window") {
  // Ten requests of 10 prompt tokens and 1 output token in 10 s at 36 $/h = 0.01 $/s:
  // 1 token/s costs 0.01 $ a token.
  ServingSystem system = one_replica(fixed_replica({1.0}));
  system.price_per_hour = 36;
  Slo slo;
  slo.e2e_s = 5.0;
  const auto result = play(system, all_at_zero(10));
  const Metrics metrics = measure(system, result, {slo, {}}, kEverything);
  CHECK(metrics.requests == 10);
  CHECK(metrics.completed == 10);
  CHECK(metrics.duration_s == 10);
  CHECK(metrics.requests_per_s == 1);
  CHECK(metrics.output_tokens_per_s == 1);
  CHECK(metrics.total_tokens_per_s == 11);
  CHECK(metrics.goodput_per_s == 0.5);
  CHECK(metrics.price_per_million_output_tokens == doctest::Approx(10000));
  CHECK(metrics.stage_utilisation == std::vector<std::vector<double>>{{1.0}});
  CHECK(metrics.tpot.count == 0);
  CHECK(metrics.e2e.mean_s == 5.5);
}

TEST_CASE("requests before the window count as warm-up and nowhere else") {
  const auto system = one_replica(fixed_replica({1.0}));
  const auto result = play(system, all_at_zero(10));
  const Metrics metrics = measure(system, result, no_limits(), {.warmup_share = 0.35});
  CHECK(metrics.warmup_requests == 3);
  CHECK(metrics.requests == 7);
  CHECK(metrics.output_tokens == 7);
  CHECK(metrics.e2e.mean_s == 7);  // of 4 .. 10
}

TEST_CASE("the most requests at once are counted with those that wait") {
  // One at a time, 1 s each: A leaves at 1 when D comes, so B, C and D are there; at 0.5 A, B, C.
  const ServingSystem system = one_replica(fixed_replica({1.0}));
  const auto most = [&](std::vector<RequestSpec> requests) {
    return measure(system, play(system, std::move(requests)), no_limits(), kEverything)
        .max_concurrent_requests;
  };
  CHECK(most({{0.0, 10, 1}, {0.25, 10, 1}, {0.5, 10, 1}, {1.0, 10, 1}}) == 3);
  CHECK(most({{0.0, 10, 1}, {0.25, 10, 1}, {0.5, 10, 1}, {0.75, 10, 1}}) == 4);
  CHECK(most({{0.0, 1 << 30, 1}}) == 0);  // rejected
}

TEST_CASE("a system that falls behind is called saturated") {
  // One request a second; 1.1 s of service leave 0.1 s of waiting a second, 0.9 s leave none.
  std::vector<RequestSpec> requests;
  for (int i = 0; i < 200; ++i) {
    requests.push_back({static_cast<double>(i), 10, 1});
  }
  // Two replicas, each with every other request.
  const auto names = [&](double seconds) {
    ServingSystem system = {.replicas = {fixed_replica({0.1}), fixed_replica({2 * seconds})}};
    system.replicas[1].name = "slow";
    return saturated_replicas(system, play(system, requests));
  };
  CHECK(names(1.1) == std::vector<std::string>{"slow"});
  CHECK(names(0.9).empty());
}

TEST_CASE("the trend of waiting is the least-squares line") {
  // Arrivals 0 .. 39 s. Waiting 0.03 s a second plus 0 or 1 s in turns: the line explains
  // 0.03^2 * 133.25 = 0.12 of a variance of 0.12 + 0.25, less than half. With 0.1 s in turns it
  // explains 0.12 of 0.1225.
  const auto grows = [](double slope, double swing, int requests) {
    WaitingTrend trend;
    for (int i = 0; i < requests; ++i) {
      const double arrival = i;
      const double wait = slope * arrival + (i % 2 == 0 ? 0 : swing);
      trend.add({.arrival = to_sim_time(arrival), .first_token = to_sim_time(arrival + wait)});
    }
    return trend.grows();
  };
  CHECK_FALSE(grows(0.03, 1.0, 40));
  CHECK(grows(0.03, 0.1, 40));
  CHECK_FALSE(grows(0.019, 0.0, 40));
  CHECK(grows(0.021, 0.0, 40));
  CHECK_FALSE(grows(1.0, 0.0, 29));
}

TEST_CASE("random waiting at high load is not taken for saturation") {
  Workload workload;
  workload.arrivals = {.rate_per_s = 0.9, .requests = 20000};
  workload.output_tokens = {.value = 1};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto arrivals = generate_arrivals(workload, seed);
    const auto system = one_replica(fixed_replica({1.0}));
    CHECK(saturated_replicas(system, simulate(system, *arrivals, {})).empty());
  }
}

TEST_CASE("gaps between tokens are recorded, preemption included") {
  // The preemption example of timeline_test.cpp: A emits at 1 .. 6, B at 1 .. 5 and 7.
  ReplicaModel replica = fixed_replica({1.0}, 2);
  replica.kv_capacity_tokens = 16;
  SimulationOptions options;
  options.kv_block_tokens = 4;
  options.kv_watermark = 0;
  options.record_token_gaps = true;
  const auto result = play(one_replica(replica), {{0.0, 4, 6}, {0.0, 4, 6}}, options);
  const Distribution gaps = result.token_gaps.distribution();
  CHECK(gaps.count == 10);
  CHECK(gaps.mean_s == doctest::Approx(1.1));  // nine gaps of 1 s, one of 2 s
  CHECK(gaps.max_s == 2);
}

TEST_CASE("the lowest deadline scale is the one at which attainment reaches the target") {
  // E2E 1 .. 100 s, reference 1 s: 99 of 100 are within 99.
  const LoadTest test(all_at_zero(100), 1.0, deadline_scale(1.0), {}, kEverything);
  const auto system = one_replica(fixed_replica({1.0}));
  CHECK(test.lowest_deadline_scale(system, 1.0) == 99.0);
  CHECK(test.lowest_deadline_scale(system, 1.0, 0.5) == 50.0);
}

TEST_CASE("the highest rate is found within a percent from either side") {
  // One request every second at 1/s; 1 s of service and a limit of 1 s: in time as long as nobody
  // waits, which is up to exactly 1 request a second.
  std::vector<RequestSpec> requests;
  for (int i = 0; i < 100; ++i) {
    requests.push_back({static_cast<double>(i), 10, 1});
  }
  Slo slo;
  slo.e2e_s = 1.0;
  const auto system = one_replica(fixed_replica({1.0}));
  for (const double start : {0.01, 0.9, 1.3, 50.0}) {
    auto stretched = requests;
    for (RequestSpec& request : stretched) {
      request.arrival_s /= start;
    }
    const LoadTest test(stretched, start, {slo, {}}, {}, kEverything);
    const double rate_per_s = test.highest_rate(system);
    CHECK(rate_per_s <= 1.0);
    CHECK(rate_per_s > 0.98);
    CHECK(test.attainment(system, rate_per_s) >= 0.99);
  }
}

TEST_CASE("the highest rate is 0 when a request alone is too late") {
  Slo slo;
  slo.e2e_s = 0.5;
  const LoadTest test({{0.0, 10, 1}, {1.0, 10, 1}}, 1.0, {slo, {}}, {}, kEverything);
  CHECK(test.highest_rate(one_replica(fixed_replica({1.0}))) == 0);
}

TEST_CASE("a rate counts only when it is sustained, however short the draw") {
  // 40 requests, one a second at first; 1 s of service, 30 s allowed. As one burst all would end
  // within 40 s, three quarters of them in time at any rate; repeated, nothing above 1/s lasts.
  std::vector<RequestSpec> requests;
  for (int i = 1; i <= 40; ++i) {
    requests.push_back({static_cast<double>(i), 10, 1});
  }
  Slo slo;
  slo.e2e_s = 30.0;
  const LoadTest test(requests, 1.0, {slo, {}}, {}, kEverything);
  const auto system = one_replica(fixed_replica({1.0}));
  CHECK(test.play(system, 1.0).requests.size() == 300);  // 10 x 30 s
  CHECK(test.play(system, 0.1).requests.size() == 40);
  CHECK(test.highest_rate(system, 0.5) <= 1.03);
  CHECK(test.highest_rate(system, 0.5) > 0.98);
}

TEST_CASE("repeated requests keep their gaps") {
  Slo slo;
  slo.e2e_s = 1.0;
  const LoadTest test({{0.5, 10, 1}, {2.0, 20, 1}}, 1.0, {slo, {}}, {});
  const auto result = test.play(one_replica(fixed_replica({0.1})), 1.0);
  REQUIRE(result.requests.size() == 10);
  CHECK(result.requests[2].arrival_s() == 2.5);
  CHECK(result.requests[9].arrival_s() == 10.0);
  CHECK(result.requests[9].prompt_tokens == 20);
}

TEST_CASE("requests drawn slower than their rate are repeated in order") {
  Slo slo;
  slo.e2e_s = 1.0;
  const LoadTest test({{0.5, 10, 1}, {3.0, 20, 1}}, 1.0, {slo, {}}, {});
  const auto result = test.play(one_replica(fixed_replica({0.1})), 1.0);
  REQUIRE(result.requests.size() == 10);
  CHECK(result.requests[2].arrival_s() == 3.5);
}

TEST_CASE("the time allowed is what the limits imply together") {
  Slo slo;
  CHECK(ServiceLevel(slo, {}).time_allowed_s(10, 5) == 0);
  slo.ttft_s = 2.0;
  slo.tpot_s = 0.5;
  CHECK(ServiceLevel(slo, {}).time_allowed_s(10, 5) == 4.0);  // 2 + 4 * 0.5
  slo.scale = 0.5;
  CHECK(ServiceLevel(slo, {fixed_stage(1.0)}).time_allowed_s(10, 5) == 2.5);
  slo.e2e_s = 1.0;
  CHECK(ServiceLevel(slo, {fixed_stage(1.0)}).time_allowed_s(10, 5) == 1.0);
}

TEST_CASE("a load test refuses a rate that is not above 0") {
  CHECK_THROWS_WITH_AS(
      LoadTest({}, 0.0, no_limits(), {}), "rate_per_s: 0.000000 is not above 0", InputError);
}
