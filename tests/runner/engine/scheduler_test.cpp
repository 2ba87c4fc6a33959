#include "runner/engine/scheduler.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <numeric>
#include <random>

#include "profiles/errors.h"

using hexgen::FinishReason;
using hexgen::GenerationRequest;
using hexgen::InfeasibleError;
using hexgen::Scheduler;
using hexgen::SequenceSlice;
using hexgen::StepBatch;
using hexgen::TokenChoice;
using hexgen::TokenEvent;

namespace {

GenerationRequest request_of(std::uint64_t id, int prompt_tokens, int new_tokens) {
  GenerationRequest request = {.id = id, .max_new_tokens = new_tokens};
  request.prompt.resize(static_cast<std::size_t>(prompt_tokens));
  std::iota(request.prompt.begin(), request.prompt.end(), 100);
  return request;
}

/// Draws token 7 for every slice that samples.
std::vector<TokenEvent> commit(Scheduler& scheduler, const StepBatch& batch, int token = 7) {
  const std::vector<TokenChoice> choices(static_cast<std::size_t>(batch.num_samples()),
                                         {.chosen = {.token = token}});
  return scheduler.commit(batch, choices);
}

std::vector<int> slice_sizes(const StepBatch& batch) {
  std::vector<int> sizes;
  for (const SequenceSlice& slice : batch.slices) {
    sizes.push_back(slice.num_tokens());
  }
  return sizes;
}

}  // namespace

TEST_CASE("a long prompt is cut into chunks that may be in flight together") {
  Scheduler scheduler(
      {.kv_blocks = 10, .max_requests = 4, .max_batch_tokens = 20, .micro_batches = 4});
  scheduler.add(request_of(0, 50, 2));
  const StepBatch first = scheduler.next_batch().value();
  const StepBatch second = scheduler.next_batch().value();
  const StepBatch third = scheduler.next_batch().value();
  CHECK(slice_sizes(first) == std::vector<int>{20});
  CHECK(second.slices[0].first_position == 20);
  CHECK(third.slices[0].tokens ==
        std::vector<int>{140, 141, 142, 143, 144, 145, 146, 147, 148, 149});
  CHECK_FALSE(second.slices[0].sampling.has_value());
  CHECK(third.slices[0].sampling.has_value());
  CHECK(second.slices[0].blocks.size() == 3);  // 40 tokens
  CHECK_FALSE(scheduler.next_batch().has_value());
  CHECK(commit(scheduler, first).empty());
}

TEST_CASE("decode steps come before prompts, and a sequence in flight is not scheduled again") {
  Scheduler scheduler(
      {.kv_blocks = 10, .max_requests = 4, .max_batch_tokens = 8, .micro_batches = 1});
  scheduler.add(request_of(0, 3, 5));
  commit(scheduler, scheduler.next_batch().value());
  scheduler.add(request_of(1, 20, 5));
  scheduler.add(request_of(2, 1, 5));
  const StepBatch batch = scheduler.next_batch().value();
  // One token of request 0, seven of request 1; nothing is left for request 2.
  CHECK(slice_sizes(batch) == std::vector<int>{1, 7});
  CHECK(batch.slices[0].tokens == std::vector<int>{7});
  CHECK(batch.slices[0].first_position == 3);
  CHECK(slice_sizes(scheduler.next_batch().value()) == std::vector<int>{8});
  const StepBatch rest = scheduler.next_batch().value();
  CHECK(slice_sizes(rest) == std::vector<int>{1, 5});  // one-token slices stand in front
  CHECK(rest.slices[0].request == 2);
  CHECK_FALSE(scheduler.next_batch().has_value());
  commit(scheduler, batch);
  CHECK(slice_sizes(scheduler.next_batch().value()) == std::vector<int>{1});
}

TEST_CASE(
    "running sequences are shared out over the micro-batches, in prompts and in decode steps") {
  Scheduler scheduler(
      {.kv_blocks = 10, .max_requests = 5, .max_batch_tokens = 100, .micro_batches = 2});
  for (std::uint64_t id = 0; id < 5; ++id) {
    scheduler.add(request_of(id, 2, 9));
  }
  // Half of 5, rounded up; what is left goes into the second.
  for (int round = 0; round < 3; ++round) {
    const StepBatch first = scheduler.next_batch().value();
    const StepBatch second = scheduler.next_batch().value();
    CHECK(slice_sizes(first) == std::vector<int>(3, round == 0 ? 2 : 1));
    CHECK(slice_sizes(second) == std::vector<int>(2, round == 0 ? 2 : 1));
    commit(scheduler, first);
    commit(scheduler, second);
  }
}

TEST_CASE("a prompt that finds the micro-batch full of decode steps starts in the next one") {
  Scheduler scheduler(
      {.kv_blocks = 10, .max_requests = 5, .max_batch_tokens = 100, .micro_batches = 2});
  for (std::uint64_t id = 0; id < 3; ++id) {
    scheduler.add(request_of(id, 2, 9));
  }
  const StepBatch two = scheduler.next_batch().value();
  const StepBatch one = scheduler.next_batch().value();
  commit(scheduler, two);
  commit(scheduler, one);
  scheduler.add(request_of(3, 7, 9));
  CHECK(slice_sizes(scheduler.next_batch().value()) == std::vector<int>{1, 1});
  CHECK(slice_sizes(scheduler.next_batch().value()) == std::vector<int>{1, 7});
}

TEST_CASE("a request waits until KV blocks for its whole length are free") {
  // 20 prompt and 13 new tokens put 32 into the cache: 2 blocks. Both together need 4 of 3.
  Scheduler scheduler({.kv_blocks = 3, .max_requests = 4, .max_batch_tokens = 100});
  scheduler.add(request_of(0, 20, 13));
  scheduler.add(request_of(1, 20, 13));
  StepBatch batch = scheduler.next_batch().value();
  CHECK(batch.slices.size() == 1);
  for (int token = 0; token < 12; ++token) {
    CHECK_FALSE(commit(scheduler, batch).front().finished.has_value());
    batch = scheduler.next_batch().value();
    CHECK(batch.slices.front().request == 0);
  }
  CHECK(commit(scheduler, batch).front().finished == FinishReason::kLength);
  CHECK(scheduler.next_batch().value().slices.front().request == 1);
}

TEST_CASE("a stop token ends a request before its length does") {
  Scheduler scheduler({.kv_blocks = 10});
  GenerationRequest request = request_of(0, 4, 100);
  request.stop_tokens = {3, 9};
  scheduler.add(request);
  CHECK_FALSE(commit(scheduler, scheduler.next_batch().value(), 5).front().finished.has_value());
  CHECK(commit(scheduler, scheduler.next_batch().value(), 9).front().finished ==
        FinishReason::kStop);
  CHECK_FALSE(scheduler.busy());
}

TEST_CASE("a request that can never fit is refused with its needs") {
  Scheduler scheduler({.kv_blocks = 3});
  CHECK_THROWS_WITH_AS(scheduler.add(request_of(4, 40, 10)),
                       "request 4: 49 tokens need 4 KV blocks, the pipeline has 3",
                       InfeasibleError);
}

TEST_CASE(
    "whatever is in flight, tokens are computed once and in order, and blocks have one owner") {
  std::mt19937 random(1);
  const auto below = [&](int bound) {
    return static_cast<int>(random() % static_cast<unsigned>(bound));
  };
  for (int trial = 0; trial < 200; ++trial) {
    const int depth = 1 + below(4);
    const int budget = 1 + below(30);
    Scheduler scheduler({.kv_blocks = 6 + below(10),
                         .max_requests = 1 + below(5),
                         .max_batch_tokens = budget,
                         .micro_batches = depth});
    std::vector<int> computed(8, 0);
    std::vector<int> drawn(8, 0);
    std::vector<GenerationRequest> requests;
    for (std::uint64_t id = 0; id < 8; ++id) {
      requests.push_back(request_of(id, 1 + below(60), 1 + below(20)));
      scheduler.add(requests.back());
    }
    std::deque<StepBatch> in_flight;
    std::map<int, std::uint64_t> owner;
    while (scheduler.busy()) {
      std::optional<StepBatch> batch;
      if (std::ssize(in_flight) < depth) {
        batch = scheduler.next_batch();
      }
      if (!batch) {
        REQUIRE(!in_flight.empty());
        for (const TokenEvent& event : commit(scheduler, in_flight.front())) {
          ++drawn[event.request];
          if (event.finished) {
            std::erase_if(owner, [&](const auto& entry) { return entry.second == event.request; });
          }
        }
        in_flight.pop_front();
        continue;
      }
      CHECK(batch->num_tokens() <= budget);
      for (const SequenceSlice& slice : batch->slices) {
        CHECK(slice.first_position == computed[slice.request]);
        computed[slice.request] += slice.num_tokens();
        for (const int block : slice.blocks) {
          CHECK(owner.emplace(block, slice.request).first->second == slice.request);
        }
      }
      in_flight.push_back(std::move(*batch));
    }
    for (std::size_t id = 0; id < requests.size(); ++id) {
      CHECK(computed[id] == requests[id].kv_tokens());
      CHECK(drawn[id] == requests[id].max_new_tokens);
    }
  }
}
