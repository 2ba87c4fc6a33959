#include "kernels/reference/random_fill.h"

#include "kernels/random_value.h"

namespace hexgen::kernels::reference {

void random_fill(Bfloat16* values, std::size_t count, std::uint32_t seed) {
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = to_bfloat16(random_value(seed, i));
  }
}

}  // namespace hexgen::kernels::reference
