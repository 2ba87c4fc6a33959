#include "runner/bench/pipeline_bench.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "kernels/kv_cache.h"
#include "profiles/errors.h"
#include "runner/engine/random_prompt.h"

namespace hexgen {
namespace {

/// Times of the tokens of each request, in seconds since the requests were given.
using TokenTimes = std::vector<std::vector<double>>;

std::vector<GenerationRequest> requests_of(const BenchWork& work, int vocab_size) {
  std::vector<GenerationRequest> requests;
  for (int index = 0; index < work.batch; ++index) {
    requests.push_back({.id = requests.size(),
                        .prompt = random_prompt(requests.size(), work.prompt_tokens, vocab_size),
                        .max_new_tokens = work.output_tokens,
                        .stop_tokens = {},
                        .sampling = {}});
  }
  return requests;
}

TokenTimes run_once(PipelineRank& driver, const PipelineSetup& setup, const BenchWork& work) {
  TokenTimes times(static_cast<std::size_t>(work.batch));
  const std::vector<GenerationRequest> requests = requests_of(work, setup.model.vocab_size);
  const auto begin = std::chrono::steady_clock::now();
  generate(driver, setup.limits, requests, [&](const TokenEvent& event) {
    const std::chrono::duration<double> now = std::chrono::steady_clock::now() - begin;
    times.at(event.request).push_back(now.count());
  });
  return times;
}

/// When the last request gets its first token and all decode.
double all_begun(const TokenTimes& times) {
  double begun = 0;
  for (const std::vector<double>& of_request : times) {
    begun = std::max(begun, of_request.front());
  }
  return begun;
}

/// Steps of the last request while all decode.
void add_decode_steps(const TokenTimes& times, std::vector<double>& steps_s) {
  double first_end = std::numeric_limits<double>::max();
  for (const std::vector<double>& of_request : times) {
    first_end = std::min(first_end, of_request.back());
  }
  const double begun = all_begun(times);
  const std::vector<double>& last = times.back();
  for (std::size_t i = 1; i < last.size(); ++i) {
    if (last[i - 1] >= begun && last[i] <= first_end) {
      steps_s.push_back(last[i] - last[i - 1]);
    }
  }
}

int blocks_of(const BenchWork& work) {
  const int tokens = work.prompt_tokens + work.output_tokens;
  return work.batch * ((tokens + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens);
}

}  // namespace

SchedulerLimits bench_limits(const std::vector<BenchWork>& works,
                             int num_stages,
                             int prefill_chunk_tokens) {
  SchedulerLimits limits = {.max_batch_tokens = 1, .micro_batches = num_stages};
  for (const BenchWork& work : works) {
    if (work.batch > prefill_chunk_tokens) {
      throw InputError("--prefill-chunk: " + std::to_string(prefill_chunk_tokens) +
                       " is less than the batch " + std::to_string(work.batch) +
                       ", which decodes in one step");
    }
    limits.kv_blocks = std::max(limits.kv_blocks, blocks_of(work));
    limits.max_requests = std::max(limits.max_requests, work.batch);
    const int tokens = std::min(work.batch * work.prompt_tokens, prefill_chunk_tokens);
    limits.max_batch_tokens = std::max(limits.max_batch_tokens, tokens);
  }
  return limits;
}

BenchResult bench(PipelineRank& driver,
                  const PipelineSetup& setup,
                  const BenchWork& work,
                  int iterations) {
  BenchResult result = {.work = work};
  std::vector<double> prefills_s;
  std::vector<double> steps_s;
  run_once(driver, setup, work);
  for (int i = 0; i < iterations; ++i) {
    const TokenTimes times = run_once(driver, setup, work);
    prefills_s.push_back(all_begun(times));
    add_decode_steps(times, steps_s);
    double end = 0;
    for (const std::vector<double>& of_request : times) {
      end = std::max(end, of_request.back());
    }
    result.output_tokens_per_s =
        std::max(result.output_tokens_per_s, work.batch * work.output_tokens / end);
  }
  result.prefill = summarize(std::move(prefills_s));
  result.decode_step = steps_s.empty() ? Timing{} : summarize(std::move(steps_s));
  return result;
}

}  // namespace hexgen
