#include <doctest/doctest.h>

#include "tests/simulator/random_case.h"
#include "tests/simulator/recording.h"

// Shared links on random systems.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr std::uint64_t kCases = 200;

/// Random legs over random resources: each stage's all-reduce and hand-off may cross the network.
void add_network(RandomCase& random, double room) {
  const auto resources = 1 + static_cast<int>(random.random.below(4));
  for (int r = 0; r < resources; ++r) {
    random.system.network.push_back({.bytes_per_s = room * (0.5 + random.random.uniform())});
  }
  const auto leg = [&](double share) {
    NetworkLeg made = {.bytes_per_s = 0.3 + 0.2 * random.random.uniform(), .share = share};
    for (int r = 0; r < resources; ++r) {
      if (random.random.below(2) == 0) {
        made.resources.push_back(r);
      }
    }
    return made;
  };
  for (ReplicaModel& replica : random.system.replicas) {
    for (StageCost& stage : replica.stages) {
      stage.handoff_s_per_token = 1e-3 * random.random.uniform();
      stage.all_reduce_s_per_token = 1e-3 * random.random.uniform();
      auto& transfers = replica.transfers.emplace_back();
      if (random.random.below(2) == 0) {
        transfers.all_reduce = leg(1);
      }
      for (std::uint64_t legs = random.random.below(3); legs > 0; --legs) {
        transfers.handoff.push_back(leg(0.5));
      }
    }
  }
}

}  // namespace

TEST_CASE("going step by step gives exactly what is computed at launch") {
  for (std::uint64_t seed = 0; seed < 2 * kCases; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    if (seed % 2 == 1) {
      add_network(random, 100);  // links that never hold anything up
    }
    const SimulationResult ahead = random.play();
    random.options.launch_ahead = false;
    const SimulationResult stepped = random.play();
    REQUIRE(ahead.requests == stepped.requests);
    REQUIRE(ahead.stage_busy_s == stepped.stage_busy_s);
    REQUIRE(ahead.iterations == stepped.iterations);
    REQUIRE(ahead.preemptions == stepped.preemptions);
    REQUIRE(random.play(false).requests == stepped.requests);
  }
}

TEST_CASE("on links that are short every request still gets all its tokens, later") {
  SimTime later = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    add_network(random, 1);
    const SimulationResult shared = random.play();
    std::int64_t gaps = 0;
    for (const RequestOutcome& request : shared.requests) {
      REQUIRE(request.state != RequestState::kInFlight);
      gaps += request.completed() ? request.output_tokens - 1 : 0;
    }
    REQUIRE(shared.token_gaps.count() == gaps);
    for (ReplicaModel& replica : random.system.replicas) {
      replica.transfers.clear();
    }
    later += to_sim_time(shared.end_s) - to_sim_time(random.play().end_s);
  }
  CHECK(later > 0);
}

TEST_CASE("an observer sees spans that add up to the busy time when links are shared") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    add_network(random, 1);
    Recording recording;
    const SimulationResult result = random.play(true, &recording);
    REQUIRE(result.requests == random.play().requests);
    for (std::size_t r = 0; r < recording.replicas.size(); ++r) {
      std::vector<SimTime> busy(result.stage_busy_s[r].size());
      std::vector<SimTime> free(busy.size());
      for (const StageSpan& span : recording.replicas[r].served) {
        const auto stage = static_cast<std::size_t>(span.stage);
        REQUIRE(span.begin >= free[stage]);
        free[stage] = span.end;
        busy[stage] += span.end - span.begin;
      }
      for (std::size_t stage = 0; stage < busy.size(); ++stage) {
        REQUIRE(to_seconds(busy[stage]) == result.stage_busy_s[r][stage]);
      }
    }
  }
}
