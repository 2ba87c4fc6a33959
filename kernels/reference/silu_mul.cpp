#include "kernels/reference/silu_mul.h"

#include <cmath>
#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {

template <typename T>
void silu_mul(const SiluMulShape& shape, const SiluMulData<T>& data) {
  for (int row = 0; row < shape.num_rows; ++row) {
    const T* gate = data.gate_up + std::ptrdiff_t{2} * row * shape.width;
    const T* up = gate + shape.width;
    T* out = data.out + std::ptrdiff_t{row} * shape.width;
    for (int i = 0; i < shape.width; ++i) {
      const float x = to_float(gate[i]);
      store(x / (1 + std::exp(-x)) * to_float(up[i]), out[i]);
    }
  }
}

template void silu_mul(const SiluMulShape&, const SiluMulData<float>&);
template void silu_mul(const SiluMulShape&, const SiluMulData<Bfloat16>&);
template void silu_mul(const SiluMulShape&, const SiluMulData<Float16>&);

}  // namespace hexgen::kernels::reference
