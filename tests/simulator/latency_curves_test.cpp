#include "simulator/latency_curves.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "tests/simulator/random_case.h"

using namespace hexgen;
using namespace hexgen::test;

TEST_CASE("quantiles are nearest ranks of the sample") {
  CHECK(quantiles({}).empty());
  // 4 samples: a share up to 1/4 is reached by the first, up to 2/4 by the second, ...
  const Quantiles values = quantiles({40, 10, 30, 20});
  REQUIRE(values.size() == kQuantileSteps + 1);
  CHECK(values[0] == 10);
  CHECK(values[125] == 10);
  CHECK(values[126] == 20);
  CHECK(values[250] == 20);
  CHECK(values[251] == 30);
  CHECK(values[500] == 40);
}

TEST_CASE("the limit factor of a request is that of the limit it misses most") {
  // TTFT 2 s of 1 s allowed, TPOT 1 s of 2 s, E2E 4 s of 10 s.
  RequestOutcome request = {.arrival = 0,
                            .first_token = to_sim_time(2),
                            .last_token = to_sim_time(4),
                            .prompt_tokens = 5,
                            .output_tokens = 3,
                            .replica = 0,
                            .state = RequestState::kCompleted};
  Slo slo;
  CHECK_FALSE(ServiceLevel(slo, {}).has_limits());
  CHECK(ServiceLevel(slo, {}).limit_factor(request) == 0);
  slo.tpot_s = 2;
  slo.e2e_s = 10;
  CHECK(ServiceLevel(slo, {}).limit_factor(request) == 0.5);
  slo.ttft_s = 1;
  CHECK(ServiceLevel(slo, {}).limit_factor(request) == 2);
  // Alone on a reference of 0.5 s an iteration it takes 1.5 s: 4 s are 8/3 of that.
  slo.scale = 0.5;
  CHECK(ServiceLevel(slo, {fixed_stage(0.5)}).limit_factor(request) ==
        doctest::Approx(8.0 / 3 / 0.5));
  request.state = RequestState::kRejected;
  CHECK(ServiceLevel(slo, {fixed_stage(0.5)}).limit_factor(request) ==
        std::numeric_limits<double>::infinity());
}

TEST_CASE("the share of requests with a limit factor up to 1 is the attainment") {
  Slo slo;
  slo.ttft_s = 1.5;
  slo.tpot_s = 0.07;
  const ServiceLevel level(slo, {});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const SimulationResult result = RandomCase(seed).play();
    const auto met = std::count_if(
        result.requests.begin(), result.requests.end(), [&](const RequestOutcome& request) {
          return level.limit_factor(request) <= 1;
        });
    REQUIRE(static_cast<double>(met) / 100 ==
            slo_attainment(result.requests, level, {.warmup_share = 0}));
  }
}

TEST_CASE("curves are of the counted requests that completed") {
  // Two requests one after the other, 1 s an iteration: the second waits for the first. Without the
  // first as warm-up, TTFT 2 s, E2E 2 s, and no TPOT.
  const ServingSystem system = one_replica(fixed_replica({1.0}));
  const SimulationResult result = play(system, {{0.0, 5, 2}, {1.0, 5, 1}});
  const LatencyCurves curves = latency_curves(result, ServiceLevel({}, {}), {.warmup_share = 0.5});
  CHECK(curves.ttft_s == Quantiles(kQuantileSteps + 1, 2.0));
  CHECK(curves.e2e_s == Quantiles(kQuantileSteps + 1, 2.0));
  CHECK(curves.tpot_s.empty());
  CHECK(curves.limit_factor.empty());
}
