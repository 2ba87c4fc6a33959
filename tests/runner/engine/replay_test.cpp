#include <doctest/doctest.h>

#include "runner/engine/random_prompt.h"
#include "runner/weights/random_weights.h"
#include "tests/runner/engine/cpu_pipeline.h"

using hexgen::ArrivalQueue;
using hexgen::Generation;
using hexgen::GenerationRequest;
using hexgen::PipelineSetup;
using hexgen::Scheduler;
using hexgen::TimedRequest;
using namespace std::chrono_literals;

namespace {

const hexgen::ModelSpec kModel = {.name = "tiny",
                                  .num_layers = 2,
                                  .hidden_dim = 32,
                                  .ffn_dim = 64,
                                  .num_heads = 4,
                                  .num_kv_heads = 2,
                                  .head_dim = 8,
                                  .vocab_size = 50};
const hexgen::RandomWeights kWeights(1);

GenerationRequest request_of(std::uint64_t id, int prompt_tokens, int new_tokens) {
  return {.id = id,
          .prompt = hexgen::random_prompt(id, prompt_tokens, kModel.vocab_size),
          .max_new_tokens = new_tokens,
          .stop_tokens = {},
          .sampling = {}};
}

/// Two stages, the second of TP 2.
PipelineSetup setup_of(int max_requests) {
  return hexgen::test::cpu_pipeline(
      kModel, kWeights, {{1, 1}, {1, 2}}, {.max_requests = max_requests});
}

std::vector<Generation> replay_on_cpu(const PipelineSetup& setup,
                                      const std::vector<TimedRequest>& requests,
                                      double deadline_s = 60) {
  std::vector<Generation> generations;
  hexgen::run_local_pipeline(
      setup,
      [](int, int) { return std::make_unique<hexgen::CpuBackend>(); },
      deadline_s,
      [&](hexgen::PipelineRank& driver) {
        generations = hexgen::replay(driver, setup.limits, requests, ArrivalQueue::Clock::now());
      });
  return generations;
}

}  // namespace

TEST_CASE("an arrival reaches the scheduler at its time and not before") {
  const ArrivalQueue::Clock::time_point start{};
  ArrivalQueue arrivals;
  arrivals.push(start + 5ns, request_of(0, 3, 1));
  arrivals.push(start + 5ns, request_of(1, 3, 1));
  arrivals.push(start + 9ns, request_of(2, 3, 1));
  Scheduler scheduler({.kv_blocks = 9, .max_requests = 9});
  arrivals.deliver(start + 4ns, scheduler);
  CHECK_FALSE(scheduler.busy());
  CHECK(arrivals.next() == start + 5ns);
  arrivals.deliver(start + 5ns, scheduler);
  CHECK(scheduler.next_batch()->slices.size() == 2);
  CHECK(arrivals.next() == start + 9ns);
  arrivals.deliver(start + 20ns, scheduler);
  CHECK(scheduler.next_batch()->slices.size() == 1);
  CHECK_FALSE(arrivals.next().has_value());
}

TEST_CASE("requests that come one by one get the tokens of those that are given together") {
  std::vector<GenerationRequest> together;
  std::vector<TimedRequest> one_by_one;
  for (std::uint64_t id = 0; id < 8; ++id) {
    together.push_back(request_of(id, 5 + 7 * static_cast<int>(id), 12));
    one_by_one.push_back({.arrival = id * 2ms, .request = together.back()});
  }
  const PipelineSetup setup = setup_of(3);
  const std::vector<Generation> expected = hexgen::test::generate_on_cpu(setup, together);
  const std::vector<Generation> replayed = replay_on_cpu(setup, one_by_one);
  REQUIRE(replayed.size() == 8);
  for (std::size_t i = 0; i < replayed.size(); ++i) {
    CHECK(replayed[i].tokens() == expected[i].tokens());
    CHECK(replayed[i].token_times.size() == 12);
    CHECK(replayed[i].token_times.front() > one_by_one[i].arrival);
  }
}

TEST_CASE("a request that comes while another decodes is batched with it") {
  const std::vector<Generation> generations =
      replay_on_cpu(setup_of(2), {{0ms, request_of(0, 4, 600)}, {1ms, request_of(1, 4, 2)}});
  CHECK(generations[1].token_times.back() < generations[0].token_times.back());
}

TEST_CASE(
    "ranks that have nothing to do wait for the next arrival for longer than for each other") {
  const std::chrono::nanoseconds late = 2500ms;
  const double deadline_s = 1.5;
  const std::vector<Generation> generations = replay_on_cpu(
      setup_of(2), {{0ms, request_of(0, 4, 2)}, {late, request_of(1, 4, 2)}}, deadline_s);
  CHECK(generations[0].token_times.back() < late);
  CHECK(generations[1].token_times.front() > late);
}
