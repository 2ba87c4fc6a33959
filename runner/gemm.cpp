#include "runner/gemm.h"

#include <cstdint>
#include <string>

#include "profiles/errors.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // what NVIDIA advises for Hopper

class Preference {
 public:
  explicit Preference(std::size_t workspace_bytes) {
    HEXGEN_CUBLAS_CHECK(cublasLtMatmulPreferenceCreate(&preference_));
    HEXGEN_CUBLAS_CHECK(
        cublasLtMatmulPreferenceSetAttribute(preference_,
                                             CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &workspace_bytes,
                                             sizeof workspace_bytes));
  }

  Preference(const Preference&) = delete;
  Preference& operator=(const Preference&) = delete;

  ~Preference() { cublasLtMatmulPreferenceDestroy(preference_); }

  cublasLtMatmulPreference_t get() const { return preference_; }

 private:
  cublasLtMatmulPreference_t preference_ = nullptr;
};

cublasLtMatrixLayout_t column_major(cudaDataType_t type, int rows, int columns) {
  cublasLtMatrixLayout_t layout = nullptr;
  HEXGEN_CUBLAS_CHECK(cublasLtMatrixLayoutCreate(&layout, type, rows, columns, rows));
  return layout;
}

cudaDataType_t input_type(const GemmShape& shape) {
  return shape.type == ElementType::kFloat16 ? CUDA_R_16F : CUDA_R_16BF;
}

}  // namespace

BlasContext::BlasContext(int sm_limit)
    : sm_limit_(sm_limit),
      workspace_(kWorkspaceBytes) {
  HEXGEN_CUBLAS_CHECK(cublasLtCreate(&handle_));
}

BlasContext::~BlasContext() {
  cublasLtDestroy(handle_);
}

// cuBLASLt is column-major, so it sees our row-major x, w and y transposed: y^T = w x^T.
Gemm::Gemm(const BlasContext& context, const GemmShape& shape)
    : context_(context),
      rows_(shape.rows),
      w_layout_(column_major(input_type(shape), shape.inner_dim, shape.columns)),
      x_layout_(column_major(input_type(shape), shape.inner_dim, shape.rows)),
      y_layout_(column_major(
          shape.fp32_result ? CUDA_R_32F : input_type(shape), shape.columns, shape.rows)) {
  HEXGEN_CUBLAS_CHECK(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  const cublasOperation_t transpose = CUBLAS_OP_T;
  HEXGEN_CUBLAS_CHECK(cublasLtMatmulDescSetAttribute(
      operation_, CUBLASLT_MATMUL_DESC_TRANSA, &transpose, sizeof transpose));
  const int multiprocessors = context.sm_limit();  // 0 is cuBLASLt's default: all
  HEXGEN_CUBLAS_CHECK(cublasLtMatmulDescSetAttribute(
      operation_, CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, &multiprocessors, sizeof multiprocessors));

  const Preference preference(context.workspace_bytes());
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(context.handle(),
                                                               operation_,
                                                               w_layout_,
                                                               x_layout_,
                                                               y_layout_,
                                                               y_layout_,
                                                               preference.get(),
                                                               1,
                                                               &best,
                                                               &found);
  if (status != CUBLAS_STATUS_SUCCESS || found == 0) {
    throw DeviceError("cuBLASLt has no 16-bit algorithm for " + std::to_string(shape.rows) + " x " +
                      std::to_string(shape.inner_dim) + " x " + std::to_string(shape.columns));
  }
  algorithm_ = best.algo;
}

Gemm::~Gemm() {
  cublasLtMatrixLayoutDestroy(y_layout_);
  cublasLtMatrixLayoutDestroy(x_layout_);
  cublasLtMatrixLayoutDestroy(w_layout_);
  cublasLtMatmulDescDestroy(operation_);
}

void Gemm::set_rows(int rows) {
  const auto columns = static_cast<std::uint64_t>(rows);  // as cuBLASLt sees them
  for (cublasLtMatrixLayout_t layout : {x_layout_, y_layout_}) {
    HEXGEN_CUBLAS_CHECK(cublasLtMatrixLayoutSetAttribute(
        layout, CUBLASLT_MATRIX_LAYOUT_COLS, &columns, sizeof columns));
  }
}

void Gemm::run(int rows, const void* x, const void* w, void* y, const Stream& stream) {
  set_rows(rows);
  const float one = 1;
  const float zero = 0;
  HEXGEN_CUBLAS_CHECK(cublasLtMatmul(context_.handle(),
                                     operation_,
                                     &one,
                                     w,
                                     w_layout_,
                                     x,
                                     x_layout_,
                                     &zero,
                                     y,
                                     y_layout_,
                                     y,
                                     y_layout_,
                                     &algorithm_,
                                     context_.workspace(),
                                     context_.workspace_bytes(),
                                     stream.get()));
}

}  // namespace hexgen
