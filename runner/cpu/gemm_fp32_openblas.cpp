#include <cblas.h>

#include "runner/cpu/gemm_fp32.h"

namespace hexgen {

void gemm_fp32(int rows, int outputs, int inputs, const float* x, const float* w, float* y) {
  cblas_sgemm(CblasRowMajor,
              CblasNoTrans,
              CblasTrans,
              rows,
              outputs,
              inputs,
              1.0F,
              x,
              inputs,
              w,
              inputs,
              0.0F,
              y,
              outputs);
}

void use_one_thread_a_gemm() {
  openblas_set_num_threads(1);
}

}  // namespace hexgen
