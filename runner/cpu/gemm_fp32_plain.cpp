#include <cstddef>
#include <numeric>

#include "runner/cpu/gemm_fp32.h"

namespace hexgen {

// Where OpenBLAS is not installed: correct, and slow.
void gemm_fp32(int rows, int outputs, int inputs, const float* x, const float* w, float* y) {
  for (int row = 0; row < rows; ++row) {
    const float* in = x + std::ptrdiff_t{row} * inputs;
    for (int output = 0; output < outputs; ++output) {
      *y++ = std::inner_product(in, in + inputs, w + std::ptrdiff_t{output} * inputs, 0.0F);
    }
  }
}

void use_one_thread_a_gemm() {}

}  // namespace hexgen
