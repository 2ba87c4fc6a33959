#include "kernels/reference/rms_norm.h"

#include <cmath>
#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {
namespace {

template <typename T>
void add(const T* x, T* residual, int width) {
  for (int i = 0; i < width; ++i) {
    store(to_float(residual[i]) + to_float(x[i]), residual[i]);
  }
}

template <typename T>
void normalise(const T* row, const T* weight, T* out, const RmsNormShape& shape) {
  double squares = 0;
  for (int i = 0; i < shape.width; ++i) {
    squares += double{to_float(row[i])} * to_float(row[i]);
  }
  const auto scale = static_cast<float>(1 / std::sqrt(squares / shape.width + shape.epsilon));
  for (int i = 0; i < shape.width; ++i) {
    store(to_float(row[i]) * scale * to_float(weight[i]), out[i]);
  }
}

}  // namespace

template <typename T>
void rms_norm(const RmsNormShape& shape, const RmsNormData<T>& data) {
  for (int row = 0; row < shape.num_rows; ++row) {
    const std::ptrdiff_t first = std::ptrdiff_t{row} * shape.width;
    if (data.x != nullptr) {
      add(data.x + first, data.residual + first, shape.width);
    }
    if (data.out != nullptr) {
      normalise(data.residual + first, data.weight, data.out + first, shape);
    }
  }
}

template void rms_norm(const RmsNormShape&, const RmsNormData<float>&);
template void rms_norm(const RmsNormShape&, const RmsNormData<Bfloat16>&);
template void rms_norm(const RmsNormShape&, const RmsNormData<Float16>&);

}  // namespace hexgen::kernels::reference
