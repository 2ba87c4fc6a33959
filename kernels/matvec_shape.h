#pragma once

namespace hexgen::kernels {

/// A matrix product with few rows, as in decode steps of small batches.
struct MatvecShape {
  int rows = 0;       // 1 to kMostMatvecRows on a GPU
  int inner_dim = 0;  // a multiple of 8 on a GPU
  int columns = 0;
};

inline constexpr int kMostMatvecRows = 4;

/// y = x w^T. Y: float, or T.
template <typename T, typename Y>
struct MatvecData {
  const T* x = nullptr;  // [rows, inner_dim]
  const T* w = nullptr;  // [columns, inner_dim]
  Y* y = nullptr;        // [rows, columns]
};

}  // namespace hexgen::kernels
