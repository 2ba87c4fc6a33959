#include "runner/cuda/products.h"

#include "kernels/matvec.h"

namespace hexgen {
namespace {

bool suits_matvec(const GemmShape& shape) {
  return shape.rows <= kernels::kMostMatvecRows && shape.inner_dim % 8 == 0;
}

template <typename Y>
void matvec(const GemmShape& shape,
            const kernels::Bfloat16* x,
            const kernels::Bfloat16* w,
            void* y,
            const Stream& stream) {
  HEXGEN_CUDA_CHECK(kernels::matvec(
      {shape.rows, shape.inner_dim, shape.columns},
      kernels::MatvecData<kernels::Bfloat16, Y>{.x = x, .w = w, .y = static_cast<Y*>(y)},
      stream.get()));
}

}  // namespace

void Products::multiply(const GemmShape& shape,
                        const kernels::Bfloat16* x,
                        const kernels::Bfloat16* w,
                        void* y,
                        const Stream& stream) {
  if (!suits_matvec(shape)) {
    gemms_.try_emplace(shape, context_, shape).first->second.run(x, w, y, stream);
  } else if (shape.fp32_result) {
    matvec<float>(shape, x, w, y, stream);
  } else {
    matvec<kernels::Bfloat16>(shape, x, w, y, stream);
  }
}

}  // namespace hexgen
