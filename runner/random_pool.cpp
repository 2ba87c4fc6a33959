#include "runner/random_pool.h"

#include <string>

#include "kernels/random_fill.h"
#include "profiles/errors.h"
#include "runner/cuda_check.h"

namespace hexgen {

RandomPool::RandomPool(std::size_t bytes, const Stream& stream)
    : values_(bytes / sizeof(kernels::Bfloat16)) {
  constexpr std::uint32_t kSeed = 1;
  HEXGEN_CUDA_CHECK(kernels::random_fill(values_.data(), values_.size(), kSeed, stream.get()));
  stream.synchronize();
}

const kernels::Bfloat16* RandomPool::stretch(std::size_t count, int index) const {
  const std::size_t stretches = values_.size() / count;
  if (stretches == 0) {
    throw DeviceError("a measurement needs " + std::to_string(count) + " values, the pool has " +
                      std::to_string(values_.size()));
  }
  return values_.data() + static_cast<std::size_t>(index) % stretches * count;
}

}  // namespace hexgen
