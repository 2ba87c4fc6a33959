#pragma once

#include <cublasLt.h>

#include <cstddef>

#include "kernels/bfloat16.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"

namespace hexgen {

/// cuBLASLt's handle and workspace on the current device.
class BlasContext {
 public:
  BlasContext();
  BlasContext(const BlasContext&) = delete;
  BlasContext& operator=(const BlasContext&) = delete;
  ~BlasContext();

  cublasLtHandle_t handle() const { return handle_; }

  void* workspace() const { return workspace_.data(); }

  std::size_t workspace_bytes() const { return workspace_.size(); }

 private:
  cublasLtHandle_t handle_ = nullptr;
  DeviceBuffer<std::byte> workspace_;
};

/// y = x w^T in bf16 with fp32 sums, by the algorithm that cuBLASLt's heuristic ranks first.
/// x: [rows, inner_dim], w: [columns, inner_dim] as checkpoints store it, y: [rows, columns].
class Gemm {
 public:
  /// Throws DeviceError when cuBLASLt has no algorithm for the shape. `context` must outlive this.
  Gemm(const BlasContext& context, int rows, int inner_dim, int columns);
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;
  ~Gemm();

  void run(const kernels::Bfloat16* x,
           const kernels::Bfloat16* w,
           kernels::Bfloat16* y,
           const Stream& stream) const;

 private:
  const BlasContext& context_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t w_layout_ = nullptr;
  cublasLtMatrixLayout_t x_layout_ = nullptr;
  cublasLtMatrixLayout_t y_layout_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

}  // namespace hexgen
