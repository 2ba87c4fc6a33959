#include "kernels/reference/sum_parts.h"

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {

template <typename T>
void sum_parts(const SumPartsShape& shape, const SumPartsData<T>& data) {
  for (std::size_t i = 0; i < shape.count; ++i) {
    float sum = 0;
    for (int part = 0; part < shape.num_parts; ++part) {
      sum += to_float(data.parts[part][i]);
    }
    store(sum, data.out[i]);
  }
}

template void sum_parts(const SumPartsShape&, const SumPartsData<float>&);
template void sum_parts(const SumPartsShape&, const SumPartsData<Bfloat16>&);
template void sum_parts(const SumPartsShape&, const SumPartsData<Float16>&);

}  // namespace hexgen::kernels::reference
