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

/// How many rows the algorithm for so many is chosen for: few choices, as the rows of steps change
/// all the time, and never far from the tiles that products are cut into.
int rows_of_choice(int rows) {
  const int unit = rows <= 64 ? 16 : rows <= 512 ? 64 : 256;
  return (rows + unit - 1) / unit * unit;
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
    GemmShape choice = shape;
    choice.rows = rows_of_choice(shape.rows);
    gemms_.try_emplace(choice, context_, choice).first->second.run(shape.rows, x, w, y, stream);
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
