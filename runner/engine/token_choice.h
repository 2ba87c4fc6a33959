#pragma once

#include <span>
#include <vector>

#include "kernels/sample_shape.h"
#include "runner/engine/step_batch.h"

namespace hexgen {

/// What is reported of a drawn token: its log-probability and the `top` most likely tokens with
/// theirs, the first among equals first. logits: [vocab_size], before temperature.
TokenChoice describe_choice(std::span<const float> logits, int token, int top);

/// describe_choice() for every slice that samples. logits: [samples, vocab_size]; tokens:
/// [samples].
std::vector<TokenChoice> describe_choices(const StepBatch& batch,
                                          std::span<const float> logits,
                                          std::span<const int> tokens);

/// Sampling parameters of every slice that samples, in order.
std::vector<kernels::SamplingParameters> sampling_parameters(const StepBatch& batch);

}  // namespace hexgen
