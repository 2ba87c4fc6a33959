#include "runner/cuda/products.h"

#include "kernels/matvec.h"

namespace hexgen {
namespace {

/// Part of a GPU has more memory bandwidth for each multiprocessor than the arithmetic of matvec
/// keeps up with; tensor cores do.
bool suits_matvec(const GemmShape& shape, const BlasContext& context) {
  return context.sm_limit() == 0 && shape.rows <= kernels::kMostMatvecRows &&
         shape.inner_dim % 8 == 0;
}

template <typename T, typename Y>
void matvec(const GemmShape& shape, const T* x, const T* w, void* y, const Stream& stream) {
  HEXGEN_CUDA_CHECK((kernels::matvec<T, Y>({shape.rows, shape.inner_dim, shape.columns},
                                           {.x = x, .w = w, .y = static_cast<Y*>(y)},
                                           stream.get())));
}

}  // namespace

template <typename T>
void Products::multiply(GemmShape shape, const T* x, const T* w, void* y, const Stream& stream) {
  shape.type = kElementType<T>;
  if (!suits_matvec(shape, context_)) {
    gemms_.try_emplace(shape, context_, shape).first->second.run(x, w, y, stream);
  } else if (shape.fp32_result) {
    matvec<T, float>(shape, x, w, y, stream);
  } else {
    matvec<T, T>(shape, x, w, y, stream);
  }
}

template void Products::multiply(
    GemmShape, const kernels::Bfloat16*, const kernels::Bfloat16*, void*, const Stream&);
template void Products::multiply(
    GemmShape, const kernels::Float16*, const kernels::Float16*, void*, const Stream&);

}  // namespace hexgen
