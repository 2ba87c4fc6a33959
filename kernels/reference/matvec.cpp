#include "kernels/reference/matvec.h"

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {

template <typename T, typename Y>
void matvec(const MatvecShape& shape, const MatvecData<T, Y>& data) {
  for (int row = 0; row < shape.rows; ++row) {
    const T* x = data.x + std::ptrdiff_t{row} * shape.inner_dim;
    for (int column = 0; column < shape.columns; ++column) {
      const T* w = data.w + std::ptrdiff_t{column} * shape.inner_dim;
      double sum = 0;
      for (int i = 0; i < shape.inner_dim; ++i) {
        sum += double{to_float(x[i])} * to_float(w[i]);
      }
      store(static_cast<float>(sum), data.y[std::ptrdiff_t{row} * shape.columns + column]);
    }
  }
}

template void matvec(const MatvecShape&, const MatvecData<Bfloat16, Bfloat16>&);
template void matvec(const MatvecShape&, const MatvecData<Bfloat16, float>&);
template void matvec(const MatvecShape&, const MatvecData<Float16, Float16>&);
template void matvec(const MatvecShape&, const MatvecData<Float16, float>&);

}  // namespace hexgen::kernels::reference
