#pragma once

#include <map>

#include "runner/gemm.h"

namespace hexgen {

/// The matrix products of a stage: on whole GPUs our own kernel for the few rows of a small decode
/// step, cuBLASLt, with the algorithm chosen when about so many rows first come, for all others.
class Products {
 public:
  /// The context must outlive it.
  explicit Products(const BlasContext& context)
      : context_(context) {}

  /// y = x w^T as Gemm has it; w must be written before anything on the stream.
  /// T: Bfloat16 or Float16; decides shape.type.
  template <typename T>
  void multiply(GemmShape shape, const T* x, const T* w, void* y, const Stream& stream);

 private:
  const BlasContext& context_;
  std::map<GemmShape, Gemm> gemms_;
};

}  // namespace hexgen
