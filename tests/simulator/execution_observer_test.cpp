#include "simulator/execution_observer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/simulator/random_case.h"
#include "tests/simulator/recording.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr std::uint64_t kCases = 200;

std::int64_t marks_of(const Recording::ReplicaRecord& record, RequestMark mark) {
  return std::count_if(record.marks.begin(), record.marks.end(), [mark](const auto& entry) {
    return entry.mark == mark;
  });
}

}  // namespace

TEST_CASE("an observer sees every stage, hand-off and change of a small run") {
  // Two stages of 1 s and 2 s, 0.5 s to hand over, none to return; one prompt of 10 tokens that
  // answers with two. Prompt: stage 0 until 1, link until 1.5, stage 1 until 3.5. Decode: stage 0
  // until 4.5, link until 5, stage 1 until 7.
  ReplicaModel replica = fixed_replica({1.0, 2.0});
  replica.stages[0].handoff_s = 0.5;
  Recording recording;
  simulate(one_replica(replica), *replay_arrivals({{0.0, 10, 2}}), {}, &recording);
  const auto& record = recording.replicas.at(0);

  const SimTime s = 1'000'000'000;
  const IterationShape prompt = {.prefill_tokens = 10, .logit_rows = 1, .prefill_pairs = 55};
  const IterationShape decode = {.decode_rows = 1,
                                 .logit_rows = 1,
                                 .kv_read_tokens = 11,
                                 .kv_shortest_tokens = 11,
                                 .kv_longest_tokens = 11};
  CHECK(record.served == std::vector<StageSpan>{{0, 0, 0, s, prompt},
                                                {1, 0, 3 * s / 2, 7 * s / 2, prompt},
                                                {0, 1, 7 * s / 2, 9 * s / 2, decode},
                                                {1, 1, 5 * s, 7 * s, decode}});
  CHECK(record.hand_offs ==
        std::vector<StageSpan>{{0, 0, s, 3 * s / 2, prompt}, {0, 1, 9 * s / 2, 5 * s, decode}});
  // 10 and 11 cached tokens are one block of 16.
  using At = std::pair<SimTime, Occupancy>;
  CHECK(record.occupancy ==
        std::vector<At>{{0, {.waiting = 1}}, {0, {.running = 1, .kv_blocks = 1}}, {7 * s, {}}});
  CHECK(record.marks == std::vector<Recording::Mark>{{0, RequestMark::kArrived, 0},
                                                     {0, RequestMark::kAdmitted, 0},
                                                     {0, RequestMark::kFirstToken, 7 * s / 2},
                                                     {0, RequestMark::kCompleted, 7 * s}});
}

TEST_CASE("an observer changes nothing, and sees the same when decode steps are jumped over") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    Recording jumped;
    Recording stepped;
    REQUIRE(random.play(true, &jumped).requests == random.play().requests);
    random.play(false, &stepped);
    REQUIRE(jumped.replicas == stepped.replicas);
  }
}

TEST_CASE("observed spans of a stage do not overlap and add up to its busy time") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    Recording recording;
    const SimulationResult result = random.play(true, &recording);
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

TEST_CASE("observed requests are admitted after they arrive, and complete or return to the line") {
  std::int64_t preemptions = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    Recording recording;
    const SimulationResult result = RandomCase(seed).play(true, &recording);
    for (const auto& record : recording.replicas) {
      const std::int64_t arrived = marks_of(record, RequestMark::kArrived);
      const std::int64_t preempted = marks_of(record, RequestMark::kPreempted);
      REQUIRE(marks_of(record, RequestMark::kAdmitted) == arrived + preempted);
      REQUIRE(marks_of(record, RequestMark::kFirstToken) == arrived);
      REQUIRE(marks_of(record, RequestMark::kCompleted) == arrived);
      if (!record.occupancy.empty()) {
        REQUIRE(record.occupancy.back().second == Occupancy{});
      }
      preemptions += preempted;
    }
  }
  CHECK(preemptions > 500);  // the cases are hard enough to matter
}
