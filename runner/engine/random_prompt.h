#pragma once

#include <vector>

#include "kernels/random_value.h"

namespace hexgen {

/// Tokens without meaning, for measurements: the same for the same number.
inline std::vector<int> random_prompt(std::uint64_t number, int tokens, int vocab_size) {
  std::vector<int> prompt;
  for (int position = 0; position < tokens; ++position) {
    const double unit = kernels::random_unit(number, static_cast<std::uint64_t>(position));
    prompt.push_back(static_cast<int>(unit * vocab_size));
  }
  return prompt;
}

}  // namespace hexgen
