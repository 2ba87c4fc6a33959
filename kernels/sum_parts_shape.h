#pragma once

#include <cstddef>

namespace hexgen::kernels {

inline constexpr int kMostSumParts = 16;

struct SumPartsShape {
  int num_parts = 0;  // up to kMostSumParts
  std::size_t count = 0;
};

/// out = parts[0] + parts[1] + ..., added in this order; out may be one of the parts.
template <typename T>
struct SumPartsData {
  const T* parts[kMostSumParts] = {};  // [count] each
  T* out = nullptr;                    // [count]
};

}  // namespace hexgen::kernels
