#include <doctest/doctest.h>

#include <memory>

#include "cost_models/plan_json.h"
#include "simulator/stage_timer.h"
#include "tests/simulator/random_case.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

const char* const kProfile = "tests/data/layer_profile/small.json";  // measured_layers_test.cpp

MeasuredStage small_stage() {
  return {.layers = std::make_shared<const MeasuredLayers>(read_layer_profile(kProfile)),
          .num_layers = 3};
}

StageCost measured(StageCost cost) {
  cost.measured = small_stage();
  return cost;
}

}  // namespace

TEST_CASE("an iteration's chunks are one chunk with the same tokens and pairs") {
  // 10 tokens after 6: 10 * 6 + 55 pairs.
  CHECK(measured_batch({.prefill_tokens = 10, .prefill_pairs = 115}).prefill_kv_tokens == 6);
  // 4 tokens after none and 4 after 8: 10 + 42 pairs; average position 6 of a chunk of 8 that
  // starts after 2.
  CHECK(measured_batch({.prefill_tokens = 8, .prefill_pairs = 52}).prefill_kv_tokens == 2);
  // Two prompts of 4 tokens have fewer pairs than one of 8: nothing is cached.
  CHECK(measured_batch({.prefill_tokens = 8, .prefill_pairs = 20}).prefill_kv_tokens == 0);
}

TEST_CASE("a measured stage takes what its tables say") {
  StageTimer timer(measured(fixed_stage(99)));
  // Decode of contexts 16 and 32, in us: layers 3 * (10 + 10/7 + 8/3 + 9.75), embedding 3, final
  // norm 2, LM head 51, sampler 6: 133.5357.
  const StageService decode = timer.service({.decode_rows = 2,
                                             .logit_rows = 2,
                                             .kv_read_tokens = 48,
                                             .kv_shortest_tokens = 16,
                                             .kv_longest_tokens = 32});
  CHECK(decode.busy == 133536);
  CHECK_FALSE(decode.outside);
  // A prompt of 24 tokens: layers 3 * (76/3 + 16 * 148/84 + 35), embedding 3, final norm 2, LM head
  // 50, sampler 5: 325.5714; the operators end at 8 tokens.
  const StageService prefill =
      timer.service({.prefill_tokens = 24, .logit_rows = 1, .prefill_pairs = 300});
  CHECK(prefill.busy == 325571);
  CHECK(prefill.outside);
}

TEST_CASE("a measured stage still pays the cost model's all-reduces") {
  StageCost cost;
  cost.all_reduce_s = 10e-6;
  cost.all_reduce_s_per_token = 1e-6;
  const IterationShape decode = {.decode_rows = 1, .logit_rows = 1, .kv_read_tokens = 16};
  const IterationShape prefill = {.prefill_tokens = 4, .logit_rows = 1, .prefill_pairs = 10};
  StageTimer with(measured(cost));
  StageTimer without(measured({}));
  CHECK(with.service(decode).busy - without.service(decode).busy == 11000);
  CHECK(with.service(prefill).busy - without.service(prefill).busy == 14000);
}

TEST_CASE("a profile is used by the stages of its GPU type and TP degree, if the model is its") {
  // Pipeline p0 has two GPUs of the type in one stage, p1 has one; all else is another type.
  const PlanFile file = read_plan("tests/data/plan/two_pipelines.json");
  LayerProfile profile = read_layer_profile(kProfile);
  ServingSystem system = make_serving_system(file.plan, file.model, file.cluster);
  CHECK(use_profile(profile, file.plan, file.model, file.cluster, system) == 1);
  CHECK_FALSE(system.replicas[0].stages[0].measured);
  CHECK_FALSE(system.replicas[0].stages[1].measured);
  REQUIRE(system.replicas[1].stages[0].measured);
  CHECK(system.replicas[1].stages[0].measured->num_layers == 8);

  profile.tp_degree = 2;
  CHECK(use_profile(profile, file.plan, file.model, file.cluster, system) == 1);
  REQUIRE(system.replicas[0].stages[0].measured);
  CHECK(system.replicas[0].stages[0].measured->num_layers == 5);
  CHECK(system.replicas[0].stages[0].measured->first);
  CHECK_FALSE(system.replicas[0].stages[0].measured->last);

  profile.model = "other";
  CHECK(use_profile(profile, file.plan, file.model, file.cluster, system) == 0);
}

TEST_CASE("iterations outside the measured range are counted") {
  // A prompt of 4 tokens, then decode steps that read 5, ..., 40 tokens; contexts are measured up
  // to 32, so the 8 steps that read 33 to 40 lie outside.
  ReplicaModel replica = fixed_replica({1.0});
  replica.stages.front().measured = small_stage();
  const SimulationResult result = play(one_replica(replica), {{0.0, 4, 37}});
  CHECK(result.iterations == 37);
  CHECK(result.outside_measured.at(0) == std::vector<std::int64_t>{8});
}

TEST_CASE("jumping over decode steps of measured stages gives the result of stepping") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    for (ReplicaModel& replica : random.system.replicas) {
      for (StageCost& stage : replica.stages) {
        stage.measured = small_stage();
      }
    }
    const SimulationResult jumped = random.play(true);
    const SimulationResult stepped = random.play(false);
    REQUIRE(jumped.requests == stepped.requests);
    REQUIRE(jumped.stage_busy_s == stepped.stage_busy_s);
    REQUIRE(jumped.outside_measured == stepped.outside_measured);
  }
}

TEST_CASE("engine overhead is paid for every iteration and every sequence in it") {
  // Iterations of 1 s, 0.5 s and 0.25 s a sequence on top. Both prompts in one iteration of 2 s,
  // then two decode steps: the shorter request ends at 4 s, the other alone at 5.75 s.
  SimulationOptions options;
  options.overhead = {.step_ns = 500'000'000, .sequence_ns = 250'000'000};
  const SimulationResult result =
      play(one_replica(fixed_replica({1.0}, 2)), {{0.0, 10, 2}, {0.0, 10, 3}}, options);
  CHECK(result.requests[0].first_token_s() == 2.0);
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].last_token_s() == 5.75);
}
