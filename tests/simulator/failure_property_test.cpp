#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "simulator/miss_counter.h"
#include "tests/simulator/random_case.h"
#include "tests/simulator/recording.h"

// Failures lose nothing: random systems with random failures and recoveries.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr std::uint64_t kCases = 400;

/// Replicas take turns in being up and down at random times. Every fourth case on a coarse grid of
/// times, so that changes meet each other and arrivals; every third with a horizon.
RandomCase case_with_failures(std::uint64_t seed) {
  RandomCase random(seed);
  RandomStream& stream = random.random;
  const double span_s = 100 / random.workload.arrivals.rate_per_s + 3;
  const double grid_s = seed % 4 == 0 ? span_s / 8 : 1e-9;
  if (seed % 4 == 0) {
    random.workload.arrivals.kind = ArrivalProcess::Kind::kAllAtOnce;
  }
  for (std::size_t r = 0; r < random.system.replicas.size(); ++r) {
    std::vector<SimTime> times;
    for (std::uint64_t changes = stream.below(6); changes > 0; --changes) {
      times.push_back(to_sim_time(grid_s * std::floor(span_s * stream.uniform() / grid_s)));
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    for (std::size_t i = 0; i < times.size(); ++i) {
      random.system.availability.push_back(
          {.time = times[i], .replica = static_cast<int>(r), .up = i % 2 == 1});
    }
  }
  std::sort(random.system.availability.begin(),
            random.system.availability.end(),
            [](const auto& a, const auto& b) {
              return std::tie(a.time, a.replica) < std::tie(b.time, b.replica);
            });
  if (seed % 3 == 0) {
    random.options.until = to_sim_time(span_s * stream.uniform());
  }
  return random;
}

/// Limits that a random request of the result just meets, or all requests by far.
Slo limits_of_one(const SimulationResult& result, RandomStream& random) {
  const RequestOutcome& one = result.requests[random.below(result.requests.size())];
  Slo slo;
  if (random.below(2) == 0 && one.completed()) {
    slo.ttft_s = one.ttft_s();
  }
  if (random.below(2) == 0 && one.completed()) {
    slo.tpot_s = one.tpot_s();
  }
  slo.e2e_s = random.below(2) == 0 && one.completed() ? one.e2e_s() : 1e6;
  return slo;
}

struct Counts {
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t rejected = 0;
  std::int64_t in_flight = 0;
  std::int64_t retries = 0;
};

}  // namespace

TEST_CASE("arrived = completed + failed + rejected + in flight, with all tokens of the completed") {
  Counts all;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random = case_with_failures(seed);
    Recording recording;
    const SimulationResult result = random.play(true, &recording);
    Counts counts;
    std::int64_t gaps = 0;
    for (const RequestOutcome& request : result.requests) {
      counts.completed += request.completed() ? 1 : 0;
      counts.failed += request.state == RequestState::kFailed ? 1 : 0;
      counts.rejected += request.state == RequestState::kRejected ? 1 : 0;
      counts.in_flight += request.state == RequestState::kInFlight ? 1 : 0;
      counts.retries += request.retries;
      if (request.completed()) {
        REQUIRE(request.arrival < request.first_token);
        REQUIRE((request.output_tokens > 1) == (request.first_token < request.last_token));
        gaps += request.output_tokens - 1;
      }
    }
    const auto arrived = static_cast<std::int64_t>(result.requests.size());
    REQUIRE(arrived == counts.completed + counts.failed + counts.rejected + counts.in_flight);
    if (random.options.until == kEndOfTime) {
      REQUIRE(arrived == 100);
      REQUIRE(counts.in_flight == 0);
    }
    // Each gap between two tokens of a request is recorded once, however often it was retried.
    if (counts.completed == arrived - counts.rejected) {
      REQUIRE(result.token_gaps.count() == gaps);
    }
    // First tokens and ends are emitted once.
    std::int64_t completions = 0;
    std::vector<int> first_tokens(result.requests.size(), 0);
    for (const auto& record : recording.replicas) {
      for (const auto& mark : record.marks) {
        completions += mark.mark == RequestMark::kCompleted ? 1 : 0;
        first_tokens[static_cast<std::size_t>(mark.request)] +=
            mark.mark == RequestMark::kFirstToken ? 1 : 0;
      }
    }
    REQUIRE(completions == counts.completed);
    for (std::size_t i = 0; i < result.requests.size(); ++i) {
      REQUIRE(first_tokens[i] <= 1);
      REQUIRE(first_tokens[i] >= (result.requests[i].completed() ? 1 : 0));
    }
    all.completed += counts.completed;
    all.failed += counts.failed;
    all.in_flight += counts.in_flight;
    all.retries += counts.retries;
  }
  // The cases are hard enough to matter.
  CHECK(all.completed > 10000);
  CHECK(all.failed > 500);
  CHECK(all.in_flight > 500);
  CHECK(all.retries > 5000);
}

TEST_CASE("with failures too, jumping over decode steps gives what stepping gives") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random = case_with_failures(seed);
    const SimulationResult jumped = random.play(true);
    const SimulationResult stepped = random.play(false);
    REQUIRE(jumped.requests == stepped.requests);
    REQUIRE(jumped.stage_busy_s == stepped.stage_busy_s);
    REQUIRE(jumped.iterations == stepped.iterations);
    REQUIRE(jumped.preemptions == stepped.preemptions);
    REQUIRE(jumped.end_s == stepped.end_s);
    REQUIRE(jumped.token_gaps.count() == stepped.token_gaps.count());
  }
}

TEST_CASE("a replica does nothing while it is down, and its busy time is what was seen of it") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random = case_with_failures(seed);
    Recording recording;
    const SimulationResult result = random.play(true, &recording);
    for (std::size_t r = 0; r < recording.replicas.size(); ++r) {
      std::vector<SimTime> busy(result.stage_busy_s[r].size());
      for (const StageSpan& span : recording.replicas[r].served) {
        busy[static_cast<std::size_t>(span.stage)] += span.end - span.begin;
        REQUIRE(to_seconds(span.end) <= result.end_s);
        for (const AvailabilityChange& change : random.system.availability) {
          const bool goes_down = change.replica == static_cast<int>(r) && !change.up;
          REQUIRE_FALSE((goes_down && span.begin < change.time && change.time < span.end));
        }
      }
      for (std::size_t stage = 0; stage < busy.size(); ++stage) {
        REQUIRE(to_seconds(busy[stage]) == result.stage_busy_s[r][stage]);
      }
    }
  }
}

TEST_CASE("changes that no request meets change nothing") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    const SimulationResult undisturbed = random.play();
    const SimTime late = to_sim_time(undisturbed.end_s) + 1;
    for (std::size_t r = 0; r < random.system.replicas.size(); ++r) {
      random.system.availability.push_back({.time = late, .replica = static_cast<int>(r)});
    }
    REQUIRE(random.play().requests == undisturbed.requests);
    REQUIRE(random.play().stage_busy_s == undisturbed.stage_busy_s);
  }
}

TEST_CASE("a simulation ends early only where too many requests miss the SLO in the end") {
  int ended_early = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    RandomCase random = case_with_failures(seed);
    random.options.until = kEndOfTime;
    const SimulationResult whole = random.play();
    const ServiceLevel level(limits_of_one(whole, random.random), {});
    const std::size_t first = random.random.below(20);
    const std::size_t allowed = random.random.below(40);
    const auto missed = static_cast<std::size_t>(
        std::count_if(whole.requests.begin() + static_cast<std::ptrdiff_t>(first),
                      whole.requests.end(),
                      [&](const RequestOutcome& request) { return !level.met_by(request); }));
    const auto specs = draw_requests(*generate_arrivals(random.workload, 1));
    const std::vector<RequestAllowance> each = allowances(specs, level);
    MissCounter misses(level, each, first, whole.requests.size(), allowed);
    const SimulationResult result = simulate(
        random.system, *generate_arrivals(random.workload, 1), random.options, nullptr, &misses);
    if (misses.too_many()) {
      REQUIRE(missed > allowed);
    } else {
      REQUIRE(result.requests == whole.requests);
    }
    ended_early += result.requests.size() < whole.requests.size() ? 1 : 0;
  }
  CHECK(ended_early > 50);
}
