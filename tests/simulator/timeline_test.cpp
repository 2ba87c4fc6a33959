#include <doctest/doctest.h>

#include <string>

#include "profiles/errors.h"
#include "tests/simulator/systems.h"

// Small runs whose every time is worked out by hand.
using namespace hexgen;
using namespace hexgen::test;

TEST_CASE("a request alone takes one iteration a token") {
  // Arrives at 5 s; one iteration of 1 s for the prompt, then two decode steps: 6, 7, 8 s.
  const auto result = play(one_replica(fixed_replica({1.0})),
                           {{.arrival_s = 5, .prompt_tokens = 100, .output_tokens = 3}});
  const RequestOutcome& request = result.requests.at(0);
  CHECK(request.first_token_s() == 6.0);
  CHECK(request.last_token_s() == 8.0);
  CHECK(request.tpot_s() == 1.0);
  CHECK(result.end_s == 8.0);
  CHECK(result.stage_busy_s == std::vector<std::vector<double>>{{3.0}});
}

TEST_CASE("a request alone takes what the cost model says") {
  StageCost first = fixed_stage(0.010);
  first.gemms[0] = {.weights_s = 0.004, .memory_s_per_row = 1e-6, .compute_s_per_row = 2e-5};
  first.kv_read_s_per_token = 1e-6;
  first.prefill_s_per_pair = 1e-8;
  first.handoff_s = 0.002;
  first.handoff_s_per_token = 1e-5;
  StageCost second = fixed_stage(0.020);
  second.lm_head = {.weights_s = 0.001};
  second.kv_read_s_per_token = 2e-6;
  second.handoff_s = 0.003;
  second.handoff_s_per_sequence = 1e-4;
  ReplicaModel replica = fixed_replica({1.0});
  replica.stages = {first, second};
  const auto result = play(one_replica(replica), {{0.0, 700, 40}});
  const RequestLatency expected = request_latency(replica.stages, 700, 40);
  // Every iteration is rounded to nanoseconds on 2 stages and 2 hand-offs.
  CHECK(result.requests[0].ttft_s() == doctest::Approx(expected.prefill_s).epsilon(1e-7));
  CHECK(result.requests[0].e2e_s() == doctest::Approx(expected.total_s()).epsilon(1e-7));
}

TEST_CASE("continuous batching lets a request join at the next iteration") {
  // A (0 s, 4 tokens) emits at 1, 2, 3, 4. B (1.5 s, 2 tokens) joins at 2, emits at 3 and 4.
  const auto result = play(one_replica(fixed_replica({1.0}, 2)), {{0.0, 10, 4}, {1.5, 10, 2}});
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].first_token_s() == 3.0);
  CHECK(result.requests[1].last_token_s() == 4.0);
  CHECK(result.iterations == 4);
}

TEST_CASE("a request that arrives when an iteration ends joins the next one") {
  // A emits at 1 and would start its next iteration at 1: B, arriving at 1, is in it.
  const auto result = play(one_replica(fixed_replica({1.0}, 2)), {{0.0, 10, 3}, {1.0, 10, 1}});
  CHECK(result.requests[1].first_token_s() == 2.0);
}

TEST_CASE("one batch at a time runs to its last token before the next one starts") {
  // A is alone (0..4 s). B and C wait until 4, run together: B emits at 5, 6; C at 5, 6, 7.
  // D arrives at 5 and waits for C, although B's place is free from 6 on: 8.
  SimulationOptions options;
  options.policy = BatchPolicyKind::kOneBatch;
  const auto result = play(one_replica(fixed_replica({1.0}, 2)),
                           {{0.0, 10, 4}, {1.0, 10, 2}, {2.0, 10, 3}, {5.0, 10, 1}},
                           options);
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].first_token_s() == 5.0);
  CHECK(result.requests[1].last_token_s() == 6.0);
  CHECK(result.requests[2].last_token_s() == 7.0);
  CHECK(result.requests[3].last_token_s() == 8.0);
}

TEST_CASE("a long prompt is cut into chunks that leave decodes running") {
  // Budget 4 tokens. A (2 prompt tokens) emits at 1. B (8 prompt tokens) joins at 1 with A's token
  // in the budget: chunks 3, 3, 2, so it emits at 4, and A emits at 2, 3, 4 undisturbed.
  SimulationOptions options;
  options.max_batched_tokens = 4;
  const auto result =
      play(one_replica(fixed_replica({1.0}, 2)), {{0.0, 2, 4}, {0.5, 8, 1}}, options);
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].first_token_s() == 4.0);
}

TEST_CASE("chunks of a prompt attend to all tokens before them") {
  // 1 ms a (query, key) pair; 5 prompt tokens are 15 pairs whether in one chunk or in three.
  ReplicaModel replica = fixed_replica({0.0});
  replica.stages[0].prefill_s_per_pair = 0.001;
  SimulationOptions options;
  options.max_batched_tokens = 2;
  CHECK(play(one_replica(replica), {{0.0, 5, 1}}, options).requests[0].ttft_s() == 0.015);
  CHECK(play(one_replica(replica), {{0.0, 5, 1}}).requests[0].ttft_s() == 0.015);
}

TEST_CASE("a decode step reads the context with its new token") {
  // 1 ms a token read: prompt 3; the steps read 4 and 5 tokens: 9 ms after the first token.
  ReplicaModel replica = fixed_replica({0.0});
  replica.stages[0].kv_read_s_per_token = 0.001;
  const auto result = play(one_replica(replica), {{0.0, 3, 3}});
  CHECK(result.requests[0].last_token_s() == 0.009);
}

TEST_CASE("stages work on different micro-batches at the same time") {
  // Two stages of 1 s, two requests of 2 tokens at 0, one a micro-batch.
  // A: stage 0 0-1, stage 1 1-2 (token), 2-3, 3-4. B: 1-2, 2-3 (token), 3-4, 4-5.
  const auto result = play(one_replica(fixed_replica({1.0, 1.0}, 2)), {{0.0, 10, 2}, {0.0, 10, 2}});
  CHECK(result.requests[0].first_token_s() == 2.0);
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].first_token_s() == 3.0);
  CHECK(result.requests[1].last_token_s() == 5.0);
}

TEST_CASE("hand-offs delay a micro-batch and leave its stage free") {
  // Stages of 1 s; 3 s to the second stage, 2 s back to the first.
  // A: stage 0 0-1, stage 1 4-5 (token), back at 7: 7-8, 11-12. B starts at 1: 5-6 (token), 8-9,
  // ...
  ReplicaModel replica = fixed_replica({1.0, 1.0}, 2);
  replica.stages[0].handoff_s = 3;
  replica.stages[1].handoff_s = 2;
  const auto result = play(one_replica(replica), {{0.0, 10, 2}, {0.0, 10, 2}});
  CHECK(result.requests[0].first_token_s() == 5.0);
  CHECK(result.requests[0].last_token_s() == 12.0);
  CHECK(result.requests[1].first_token_s() == 6.0);
  CHECK(result.requests[1].last_token_s() == 13.0);
}

TEST_CASE("one batch at a time leaves the other stages idle") {
  SimulationOptions options;
  options.policy = BatchPolicyKind::kOneBatch;
  // A: 0-2 and 2-4; B starts when A is gone: 4-6, 6-8.
  const auto result =
      play(one_replica(fixed_replica({1.0, 1.0}, 1)), {{0.0, 10, 2}, {0.0, 10, 2}}, options);
  CHECK(result.requests[0].last_token_s() == 4.0);
  CHECK(result.requests[1].last_token_s() == 8.0);
}

TEST_CASE("a request without room in any replica is rejected and counted") {
  ReplicaModel replica = fixed_replica({1.0});
  replica.kv_capacity_tokens = 160;  // 10 blocks of 16
  // 151 + 10 - 1 = 160 tokens fit, one more does not: the last token is never fed back.
  const auto result = play(one_replica(replica), {{0.0, 151, 10}, {0.0, 152, 10}});
  CHECK(result.requests[0].state == RequestState::kCompleted);
  CHECK(result.requests[1].state == RequestState::kRejected);
  CHECK(result.requests[1].replica == -1);
}

TEST_CASE("a sequence that finds no block is preempted and computed again") {
  // Blocks of 4 tokens, 4 in all. A and B (4 prompt tokens, 6 output tokens) each need 3 at the
  // end (9 tokens). Both start at 0 with 1 block each and emit at 1.
  // Step at 1: each starts its second block (4 used); tokens at 2, 3, 4, 5 (contexts 5..8).
  // Step at 5: both need a third block, none is free: B, admitted last, gives up its 2 and A goes
  // on: token 6 at 6, done, at which 4 blocks are free. B has emitted 5 tokens: its prompt and
  // those, 9 tokens, are computed again from 6 on and give its 6th token at 7.
  ReplicaModel replica = fixed_replica({1.0}, 2);
  replica.kv_capacity_tokens = 16;
  SimulationOptions options;
  options.kv_block_tokens = 4;
  options.kv_watermark = 0;
  const auto result = play(one_replica(replica), {{0.0, 4, 6}, {0.0, 4, 6}}, options);
  CHECK(result.preemptions == 1);
  CHECK(result.requests[0].last_token_s() == 6.0);
  CHECK(result.requests[1].first_token_s() == 1.0);
  CHECK(result.requests[1].last_token_s() == 7.0);
}

TEST_CASE("a preempted sequence finds again the blocks that nobody took") {
  // As above, at 1e-3 s a prompt pair. B gives up its two full blocks at the step of A's token 6,
  // and A takes one: the free ones are taken in the order in which they were freed, of B its last
  // first. So B finds 4 of its 9 tokens and computes 5 after those 4: 4 * 5 + 15 = 35 pairs,
  // not 45.
  ReplicaModel replica = fixed_replica({1.0}, 2);
  replica.stages[0].prefill_s_per_pair = 0.001;
  replica.kv_capacity_tokens = 16;
  SimulationOptions options;
  options.kv_block_tokens = 4;
  options.kv_watermark = 0;
  const std::vector<RequestSpec> requests = {{0.0, 4, 6}, {0.0, 4, 6}};
  const auto again = play(one_replica(replica), requests, options);
  options.reuse_preempted_kv = true;
  const auto reused = play(one_replica(replica), requests, options);
  // Both prompts of 4 tokens: 20 pairs, 1.02 s; A ends five steps later.
  CHECK(again.requests[0].last_token_s() == doctest::Approx(6.02));
  CHECK(again.requests[1].last_token_s() == doctest::Approx(6.02 + 1.045));
  CHECK(reused.requests[0].last_token_s() == doctest::Approx(6.02));
  CHECK(reused.requests[1].last_token_s() == doctest::Approx(6.02 + 1.035));
}

TEST_CASE("an engine that schedules ahead admits one iteration later") {
  // Iterations of 1 s, two places. A starts at 0. B arrives at 0.5 while A's first iteration runs;
  // A's second, from 1 to 2, was put together at 0: B joins the one from 2 to 3.
  ReplicaModel replica = fixed_replica({1.0}, 2);
  SimulationOptions options;
  options.async_scheduling = true;
  const auto joined = play(one_replica(replica), {{0.0, 10, 9}, {0.5, 10, 1}}, options);
  CHECK(joined.requests[1].first_token_s() == 3.0);
  // B ends at 2 and frees its place. The iteration from 2 to 3 was put together at 1: C, which
  // waits since 0, takes the place in the one from 3 to 4.
  const auto replaced =
      play(one_replica(replica), {{0.0, 10, 9}, {0.0, 10, 2}, {0.0, 10, 1}}, options);
  CHECK(replaced.requests[1].last_token_s() == 2.0);
  CHECK(replaced.requests[2].first_token_s() == 4.0);
  // Nothing runs when the second request arrives, so nothing was put together before.
  const auto idle = play(one_replica(replica), {{0.0, 10, 1}, {5.0, 10, 1}}, options);
  CHECK(idle.requests[1].first_token_s() == 6.0);
}

TEST_CASE("the watermark keeps blocks free at admission") {
  // 10 blocks of 4, watermark 0.3 -> 3 blocks. A takes 5; B needs 4 and would leave 1: it waits
  // for A's end at 2.
  ReplicaModel replica = fixed_replica({1.0}, 2);
  replica.kv_capacity_tokens = 40;
  SimulationOptions options;
  options.kv_block_tokens = 4;
  options.kv_watermark = 0.3;
  const auto result = play(one_replica(replica), {{0.0, 19, 2}, {0.0, 16, 1}}, options);
  CHECK(result.requests[0].last_token_s() == 2.0);
  CHECK(result.requests[1].first_token_s() == 3.0);
  options.kv_watermark = 0;
  CHECK(play(one_replica(replica), {{0.0, 19, 2}, {0.0, 16, 1}}, options)
            .requests[1]
            .first_token_s() == 1.0);
}

TEST_CASE("arrivals out of order and requests without tokens are refused by name") {
  const auto message = [](std::vector<RequestSpec> requests) {
    try {
      play(one_replica(fixed_replica({1.0})), std::move(requests));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message({{1.0, 1, 1}, {0.5, 1, 1}}).find("request 1: arrives at 0.5") == 0);
  CHECK(message({{0.0, 0, 1}}) == "request 0: prompt_tokens: 0 is less than 1");
  CHECK(message({{0.0, 1, 0}}) == "request 0: output_tokens: 0 is less than 1");
}
