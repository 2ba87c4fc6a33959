#include "planner/request_division.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace hexgen;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A pipeline that serves one request in `request_s`, one after the other.
PipelineChoices one_at_a_time(double request_s) {
  return {.layouts = {{}},
          .points = {{.batch = 1, .request_s = request_s, .capacity_per_s = 1 / request_s}},
          .meets = true};
}

DivisionGoal goal(ObjectiveKind objective, BatchPolicyKind policy) {
  return {.objective = objective, .policy = policy, .e2e_s = 5, .rate_per_s = 1};
}

/// Every iteration of a stage takes `seconds`, whatever is in it.
StageCost constant_stage(double seconds) {
  StageCost stage;
  stage.overhead_s = seconds;
  return stage;
}

}  // namespace

TEST_CASE("a request waits for its own steps and for the prefills of the others in flight") {
  // Two stages of 0.1 s. Alone: prefill 0.2 s, 20 steps of 0.2 s: 4.2 s. The tail prompt of 5000
  // tokens has chunks of 2048, 2048 and 904: 0.6 s, + the load 0.2 / 4.2 of a prefill of 0.2 s.
  // Three at once: a step meets 2 / 20 prefills of the others; held up
  // 2 x (0.1 + 0.1 / (1 + 0.05)) s in all: 0.2 + 4 + 0.39048 s.
  ServiceTarget target = {.prompt_tokens = 50, .output_tokens = 21, .tail_prompt_tokens = 5000};
  const std::vector<StageCost> stages = {constant_stage(0.1), constant_stage(0.1)};
  const ServiceEstimate alone = estimate_service(stages, target, 1);
  CHECK(alone.request_s == doctest::Approx(4.2));
  CHECK(alone.first_token_s == doctest::Approx(0.6 + 0.2 / 4.2 * 0.2));
  CHECK(alone.token_s == doctest::Approx(0.2));
  CHECK(alone.capacity_per_s == doctest::Approx(1 / 4.2));
  const ServiceEstimate three = estimate_service(stages, target, 3);
  CHECK(three.request_s == doctest::Approx(4.59048));
  CHECK(three.capacity_per_s == doctest::Approx(3 / 4.59048));
}

TEST_CASE("prefills queue for the slowest stage and share the rest of the pass") {
  // One decode step, 30 others, stages of 0.1 and 0.3 s: held up 30 x (0.3 + 0.1 / (1 + 30 / 2)) =
  // 9.1875 s. With its own prefill of 0.4 s and a step in which two micro-batches queue for the
  // slow stage, 0.6 s: 10.1875 s.
  const ServiceTarget target = {.prompt_tokens = 50, .output_tokens = 2, .tail_prompt_tokens = 50};
  const std::vector<StageCost> stages = {constant_stage(0.1), constant_stage(0.3)};
  CHECK(estimate_service(stages, target, 31).request_s == doctest::Approx(10.1875));
}

TEST_CASE("the rate within a limit follows the tail of the wait") {
  const OperatingPoint point = {.request_s = 1, .capacity_per_s = 1};
  // Expectation: exp(-2 (1 - load) / (load * 0.5) * 4 / 1) = 1 % at load = 4 / (4 + ln 100 / 4).
  const double load = rate_within(point, 5, 0.5, BatchPolicyKind::kOneBatch);
  CHECK(load == doctest::Approx(4 / (4 + std::log(100) / 4)));
  CHECK(std::exp(-2 * (1 - load) / (load * 0.5) * 4) == doctest::Approx(0.01).epsilon(1e-6));
  CHECK(rate_within(point, 0.5, 0.5, BatchPolicyKind::kOneBatch) == 0);
  CHECK(rate_within(point, kInfinity, 0.5, BatchPolicyKind::kOneBatch) == 1);
  CHECK(rate_within(point, 1, 0.5, BatchPolicyKind::kContinuous) == 1);
}

TEST_CASE("a lenient division admits slower pipelines") {
  const PipelineChoices fast = one_at_a_time(1);
  const PipelineChoices slow = one_at_a_time(6);
  const DivisionGoal rate = goal(ObjectiveKind::kRate, BatchPolicyKind::kOneBatch);
  CHECK(divide_requests({&fast, &slow}, rate, 1).shares[1] == 0);
  CHECK(divide_requests({&fast, &slow}, rate, 1.5).shares[1] > 0);
}

TEST_CASE("equal pipelines get equal shares, faster ones more") {
  const PipelineChoices fast = one_at_a_time(1);
  const PipelineChoices slow = one_at_a_time(2);
  const DivisionGoal rate = goal(ObjectiveKind::kRate, BatchPolicyKind::kOneBatch);
  const RequestDivision equal = divide_requests({&fast, &fast}, rate);
  CHECK(equal.shares[0] == doctest::Approx(0.5));
  const RequestDivision mixed = divide_requests({&fast, &slow}, rate);
  CHECK(mixed.shares[0] > 2.0 / 3);  // more than by capacity: the slow one has less slack too
  CHECK(mixed.shares[0] + mixed.shares[1] == doctest::Approx(1.0));
}

TEST_CASE("a pipeline that is too slow alone gets no requests") {
  const PipelineChoices fast = one_at_a_time(1);
  const PipelineChoices too_slow = one_at_a_time(6);
  const RequestDivision division =
      divide_requests({&fast, &too_slow}, goal(ObjectiveKind::kRate, BatchPolicyKind::kOneBatch));
  CHECK(division.shares[1] == 0);
  CHECK(division.points[1] == nullptr);
}

TEST_CASE("at a given rate the limit is the smallest that serves it") {
  const PipelineChoices pipeline = {
      .layouts = {{}, {}},
      .points = {{.layout = 0, .batch = 1, .request_s = 1, .capacity_per_s = 0.5},
                 {.layout = 1, .batch = 4, .request_s = 2, .capacity_per_s = 1.5},
                 {.layout = 1, .batch = 8, .request_s = 3, .capacity_per_s = 2.0}},
      .meets = true};
  const RequestDivision division =
      divide_requests({&pipeline}, goal(ObjectiveKind::kDeadline, BatchPolicyKind::kContinuous));
  CHECK(division.limit_s == doctest::Approx(2.0).epsilon(0.01));
  REQUIRE(division.points[0] != nullptr);
  CHECK(division.points[0]->batch == 4);
}

TEST_CASE("a rate that nothing serves is divided by capacity") {
  const PipelineChoices one = one_at_a_time(4);
  const PipelineChoices two = one_at_a_time(8);
  const RequestDivision division =
      divide_requests({&one, &two}, goal(ObjectiveKind::kAttainment, BatchPolicyKind::kOneBatch));
  CHECK(division.shares[0] == doctest::Approx(2.0 / 3));
  CHECK(division.limit_s == kInfinity);
}

TEST_CASE("pipelines that miss TTFT or TPOT serve only when all do") {
  const PipelineChoices good = one_at_a_time(1);
  PipelineChoices bad = one_at_a_time(1);
  bad.meets = false;
  const DivisionGoal rate = goal(ObjectiveKind::kRate, BatchPolicyKind::kOneBatch);
  CHECK(divide_requests({&good, &bad}, rate).shares[1] == 0);
  CHECK(divide_requests({&bad, &bad}, rate).shares[1] == doctest::Approx(0.5));
}
