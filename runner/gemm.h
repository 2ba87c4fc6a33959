#pragma once

#include <cublasLt.h>

#include <compare>
#include <cstddef>

#include "runner/device_buffer.h"
#include "runner/element_type.h"
#include "runner/stream.h"

namespace hexgen {

/// cuBLASLt's handle and workspace on the current device.
class BlasContext {
 public:
  /// `sm_limit`: multiprocessors that products are made for; 0: all of the GPU's.
  explicit BlasContext(int sm_limit = 0);
  BlasContext(const BlasContext&) = delete;
  BlasContext& operator=(const BlasContext&) = delete;
  ~BlasContext();

  cublasLtHandle_t handle() const { return handle_; }

  int sm_limit() const { return sm_limit_; }

  void* workspace() const { return workspace_.data(); }

  std::size_t workspace_bytes() const { return workspace_.size(); }

 private:
  cublasLtHandle_t handle_ = nullptr;
  int sm_limit_;
  DeviceBuffer<std::byte> workspace_;
};

/// x: [rows, inner_dim], w: [columns, inner_dim] as checkpoints store it, y: [rows, columns].
struct GemmShape {
  int rows = 0;
  int inner_dim = 0;
  int columns = 0;
  bool fp32_result = false;                   // y is of `type` otherwise
  ElementType type = ElementType::kBfloat16;  // of x and w; or kFloat16

  auto operator<=>(const GemmShape&) const = default;
};

/// y = x w^T with fp32 sums, by the algorithm that cuBLASLt's heuristic ranks first. To ask it
/// takes milliseconds, so an algorithm serves fewer rows too.
class Gemm {
 public:
  /// Throws DeviceError when cuBLASLt has no algorithm for the shape. `context` must outlive this.
  Gemm(const BlasContext& context, const GemmShape& shape);
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;
  ~Gemm();

  /// `rows` of x and y, at most those of the shape.
  void run(int rows, const void* x, const void* w, void* y, const Stream& stream);

  void run(const void* x, const void* w, void* y, const Stream& stream) {
    run(rows_, x, w, y, stream);
  }

 private:
  void set_rows(int rows);

  const BlasContext& context_;
  int rows_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t w_layout_ = nullptr;
  cublasLtMatrixLayout_t x_layout_ = nullptr;
  cublasLtMatrixLayout_t y_layout_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

}  // namespace hexgen
