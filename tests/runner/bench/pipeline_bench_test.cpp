#include "runner/bench/pipeline_bench.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "runner/weights/random_weights.h"
#include "tests/runner/engine/cpu_pipeline.h"

using hexgen::BenchResult;
using hexgen::BenchWork;
using hexgen::SchedulerLimits;

TEST_CASE("the limits of a measurement fit its largest work") {
  // 3 requests of 100 + 20 tokens: 8 blocks of 16 each; 5 of 10 + 4 tokens: one each.
  const SchedulerLimits limits = hexgen::bench_limits({{3, 100, 20}, {5, 10, 4}}, 2, 4096);
  CHECK(limits.kv_blocks == 24);
  CHECK(limits.max_requests == 5);
  CHECK(limits.max_batch_tokens == 300);
  CHECK(limits.micro_batches == 2);
  CHECK(hexgen::bench_limits({{32, 2048, 4}}, 1, 4096).max_batch_tokens == 4096);
  CHECK(hexgen::bench_limits({{32, 2048, 4}}, 1, 32).max_batch_tokens == 32);
  CHECK_THROWS_AS(hexgen::bench_limits({{32, 2048, 4}}, 1, 31), hexgen::InputError);
}

TEST_CASE("a measurement runs its work and times steps within the whole") {
  const hexgen::ModelSpec model = {.name = "tiny",
                                   .num_layers = 2,
                                   .hidden_dim = 32,
                                   .ffn_dim = 64,
                                   .num_heads = 4,
                                   .num_kv_heads = 2,
                                   .head_dim = 8,
                                   .vocab_size = 50};
  const hexgen::RandomWeights weights(1);
  const BenchWork work = {.batch = 3, .prompt_tokens = 20, .output_tokens = 6};
  const hexgen::PipelineSetup setup = hexgen::test::cpu_pipeline(
      model, weights, {{1, 1}, {1, 2}}, hexgen::bench_limits({work}, 2, 4096));
  BenchResult result;
  hexgen::run_local_pipeline(
      setup,
      [](int, int) { return std::make_unique<hexgen::CpuBackend>(); },
      60,
      [&](hexgen::PipelineRank& driver) { result = hexgen::bench(driver, setup, work, 2); });
  CHECK(result.work.batch == 3);
  CHECK(result.prefill.p10_s > 0);
  CHECK(result.decode_step.p10_s > 0);
  // The fastest of the runs draws 18 tokens and begins with a prefill no shorter than the shortest.
  CHECK(result.output_tokens_per_s <= 18 / result.prefill.p10_s);
}
