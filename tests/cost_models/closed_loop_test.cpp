#include "cost_models/closed_loop.h"

#include <doctest/doctest.h>

using namespace hexgen;
using doctest::Approx;

namespace {

/// 10 ms an iteration and 1 ms a row.
StageCost by_the_row() {
  StageCost cost = {.overhead_s = 10e-3};
  cost.gemms[0].compute_s_per_row = 1e-3;
  return cost;
}

}  // namespace

TEST_CASE("a request alone decodes without meeting another's prefill") {
  CHECK(closed_loop_tpot_s(by_the_row(), {.prompt_tokens = 100, .output_tokens = 51}) ==
        Approx(11e-3));
}

TEST_CASE("while a request decodes, every other one is prefilled once") {
  const ClosedLoop load = {
      .prompt_tokens = 100, .output_tokens = 51, .concurrency = 5, .chunk_tokens = 50};
  // 50 steps; 4 others bring 2 chunks each. 42 steps of 10 + 5 ms, 8 of 10 + 50 + 4 ms:
  // (630 + 512) / 50 = 22.84 ms.
  CHECK(closed_loop_tpot_s(by_the_row(), load) == Approx(22.84e-3));
}

TEST_CASE("with more prefill than steps every step has a chunk") {
  const ClosedLoop load = {
      .prompt_tokens = 100, .output_tokens = 5, .concurrency = 5, .chunk_tokens = 50};
  CHECK(closed_loop_tpot_s(by_the_row(), load) == Approx(64e-3));
}

TEST_CASE("attention of prefill and decode is counted where it happens") {
  StageCost cost;
  cost.kv_read_s_per_token = 1e-3;
  cost.prefill_s_per_pair = 1e-6;
  const ClosedLoop load = {.prompt_tokens = 10, .output_tokens = 21, .concurrency = 3};
  // Context 10 + 21 / 2 = 20.5. 20 steps, 2 mixed: 18 * 3 * 20.5 ms + 2 * (2 * 20.5 ms + 55 us).
  CHECK(closed_loop_tpot_s(cost, load) ==
        Approx((18 * 3 * 20.5e-3 + 2 * (2 * 20.5e-3 + 55e-6)) / 20));
}

TEST_CASE("the KV cache in use is the mean context of all requests in flight") {
  CHECK(closed_loop_kv_tokens({.prompt_tokens = 1024, .output_tokens = 8192, .concurrency = 64}) ==
        64 * 5120);
}
