#pragma once

#include <vector>

#include "profiles/model_spec.h"

namespace hexgen {

/// Radians a position by which each pair of a head rotates, scaling applied: [head_dim / 2].
/// "default", "linear" and "llama3" only: check_runnable() refuses the others.
std::vector<float> rope_inverse_frequencies(const ModelSpec& model);

}  // namespace hexgen
