#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/engine/generation.h"

namespace hexgen {

/// What is measured: `batch` requests given at once, each with a prompt of its own.
struct BenchWork {
  int batch = 1;
  int prompt_tokens = 128;
  int output_tokens = 64;
};

struct BenchResult {
  BenchWork work;
  Timing prefill;                  // from the start until every request has its first token
  Timing decode_step;              // while all requests decode
  double output_tokens_per_s = 0;  // of the fastest run, from its start to its end
};

/// Limits under which the largest of the works runs without waiting for KV blocks, in steps of at
/// most `prefill_chunk_tokens` tokens. Throws InputError when those do not hold a decode step of
/// the largest batch.
SchedulerLimits bench_limits(const std::vector<BenchWork>& works,
                             int num_stages,
                             int prefill_chunk_tokens);

/// Runs the work once to warm up and `iterations` times timed, on the driver of a pipeline.
BenchResult bench(PipelineRank& driver,
                  const PipelineSetup& setup,
                  const BenchWork& work,
                  int iterations);

}  // namespace hexgen
