#include "runner/engine/rope_frequencies.h"

#include <cmath>
#include <numbers>

namespace hexgen {
namespace {

/// Llama 3.1: long waves are slowed by `factor`, short ones are left, those between are blended.
double llama3_frequency(double frequency, const RopeScaling& scaling) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const double turns = scaling.original_context_tokens / wavelength;
  if (turns < scaling.low_freq_factor) {
    return frequency / scaling.factor;
  }
  if (turns > scaling.high_freq_factor) {
    return frequency;
  }
  const double smooth =
      (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1 - smooth) * frequency / scaling.factor + smooth * frequency;
}

double scaled_frequency(double frequency, const RopeScaling& scaling) {
  if (scaling.type == "linear") {
    return frequency / scaling.factor;
  }
  return scaling.type == "llama3" ? llama3_frequency(frequency, scaling) : frequency;
}

}  // namespace

std::vector<float> rope_inverse_frequencies(const ModelSpec& model) {
  std::vector<float> frequencies;
  for (int pair = 0; pair < model.head_dim / 2; ++pair) {
    const double frequency = std::pow(model.rope_theta, -2.0 * pair / model.head_dim);
    frequencies.push_back(static_cast<float>(scaled_frequency(frequency, model.rope_scaling)));
  }
  return frequencies;
}

}  // namespace hexgen
