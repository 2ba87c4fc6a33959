#include "kernels/reference/embedding.h"

#include <algorithm>
#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {

template <typename T>
void embedding(const EmbeddingShape& shape, const EmbeddingData<T>& data) {
  const std::ptrdiff_t width = shape.hidden_dim;
  for (int token = 0; token < shape.num_tokens; ++token) {
    const int row = data.tokens[token] - shape.first_row;
    T* out = data.out + token * width;
    if (row >= 0 && row < shape.num_rows) {
      std::copy_n(data.table + row * width, width, out);
    } else {
      std::fill_n(out, width, T{});
    }
  }
}

template void embedding(const EmbeddingShape&, const EmbeddingData<float>&);
template void embedding(const EmbeddingShape&, const EmbeddingData<Bfloat16>&);
template void embedding(const EmbeddingShape&, const EmbeddingData<Float16>&);

}  // namespace hexgen::kernels::reference
