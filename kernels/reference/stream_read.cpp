#include "kernels/reference/stream_read.h"

#include <numeric>

namespace hexgen::kernels::reference {

void stream_read(const std::uint32_t* words, std::size_t count, std::uint64_t* sum) {
  *sum = std::accumulate(words, words + count, std::uint64_t{0});
}

}  // namespace hexgen::kernels::reference
