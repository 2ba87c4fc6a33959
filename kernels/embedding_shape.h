#pragma once

namespace hexgen::kernels {

/// A device holds the rows first_row .. first_row + num_rows - 1 of the embedding table.
struct EmbeddingShape {
  int num_tokens = 0;
  int hidden_dim = 0;  // a multiple of 8 on a GPU
  int first_row = 0;
  int num_rows = 0;
};

/// The row of each token, or zeros where another device holds it: the sum over all devices is the
/// embedding.
template <typename T>
struct EmbeddingData {
  const int* tokens = nullptr;  // [num_tokens]
  const T* table = nullptr;     // [num_rows, hidden_dim]
  T* out = nullptr;             // [num_tokens, hidden_dim]
};

}  // namespace hexgen::kernels
