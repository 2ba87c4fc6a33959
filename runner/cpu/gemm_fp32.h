#pragma once

namespace hexgen {

/// y = x w^T in fp32. x: [rows, inputs], w: [outputs, inputs], y: [rows, outputs].
void gemm_fp32(int rows, int outputs, int inputs, const float* x, const float* w, float* y);

/// Keeps each product on the thread that asks for it: ranks are threads already.
void use_one_thread_a_gemm();

}  // namespace hexgen
