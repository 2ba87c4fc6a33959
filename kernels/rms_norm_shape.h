#pragma once

namespace hexgen::kernels {

struct RmsNormShape {
  int num_rows = 0;
  int width = 0;  // a multiple of 8 on a GPU
  float epsilon = 1e-5F;
};

/// residual += x, then out = residual / sqrt(mean of residual^2 + epsilon) * weight, row by row.
template <typename T>
struct RmsNormData {
  const T* x = nullptr;       // [num_rows, width]; null: nothing is added
  T* residual = nullptr;      // [num_rows, width]
  const T* weight = nullptr;  // [width]
  T* out = nullptr;           // [num_rows, width]; null: only the sum is wanted
};

}  // namespace hexgen::kernels
