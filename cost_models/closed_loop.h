#pragma once

#include "cost_models/stage_cost.h"

namespace hexgen {

/// A benchmark that keeps `concurrency` equal requests in flight against one engine with
/// continuous batching and chunked prefill.
struct ClosedLoop {
  double prompt_tokens = 0;
  double output_tokens = 0;
  double concurrency = 1;
  double chunk_tokens = 8192;  // prefill tokens of one iteration at most; the default of vLLM and
                               // TensorRT-LLM on large GPUs
};

/// Mean time per output token in the steady state, for an engine of one stage without queueing:
/// while a request decodes, every other one is prefilled once, in iterations that it shares.
double closed_loop_tpot_s(const StageCost& stage, const ClosedLoop& load);

/// Tokens of KV cache in use in the steady state: the mean context times the concurrency. When
/// there is less room, requests queue and the concurrency is not reached: the load is saturated.
double closed_loop_kv_tokens(const ClosedLoop& load);

}  // namespace hexgen
