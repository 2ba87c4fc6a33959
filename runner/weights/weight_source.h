#pragma once

#include <string>

#include "cost_models/index_range.h"

namespace hexgen {

/// Rectangle of a tensor of the checkpoint.
struct TensorSlice {
  static constexpr int kVector = 0;  // as tensor_rows: a vector, read as one row

  std::string tensor;  // e.g. "model.layers.3.mlp.down_proj.weight"
  int tensor_rows = 0;
  int tensor_columns = 0;
  IndexRange rows;
  IndexRange columns;
};

/// Where weights come from: a checkpoint, or seeded random numbers. Safe for many threads at once.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  /// Writes the slice's elements to out: [slice.rows.count, slice.columns.count]. Throws InputError
  /// when there is no such tensor or its shape is another.
  virtual void read(const TensorSlice& slice, float* out) const = 0;
};

}  // namespace hexgen
