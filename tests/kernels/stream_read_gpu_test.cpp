#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "kernels/random_fill.h"
#include "kernels/reference/random_fill.h"
#include "kernels/reference/stream_read.h"
#include "kernels/stream_read.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;

namespace kernels = hexgen::kernels;

TEST_CASE("the GPU reads every word once, whatever their number") {
  const Stream stream;
  std::mt19937 random(7);
  for (const std::size_t count : {0, 1, 3, 4, 5, 31, 127, 2048, 8191, 1'000'003, 9'999'999}) {
    CAPTURE(count);
    std::vector<std::uint32_t> words(count + 1, 0xffffffff);  // the last one must not be read
    for (std::size_t i = 0; i < count; ++i) {
      words[i] = static_cast<std::uint32_t>(random());
    }
    std::uint64_t expected = 0;
    kernels::reference::stream_read(words.data(), count, &expected);

    const DeviceBuffer<std::uint32_t> device_words(words);
    const DeviceBuffer<std::uint64_t> sum(std::vector<std::uint64_t>{12345});
    constexpr int kMultiprocessors = 24;  // any number reads everything
    HEXGEN_CUDA_CHECK(kernels::stream_read(
        device_words.data(), count, sum.data(), kMultiprocessors, stream.get()));
    stream.synchronize();
    CHECK(sum.to_host()[0] == expected);
  }
}

TEST_CASE("the GPU draws the same random values as the CPU and stays in bounds") {
  const Stream stream;
  for (const std::size_t count : {1, 33, 1'000'003}) {
    CAPTURE(count);
    std::vector<Bfloat16> expected(count + 1, kernels::to_bfloat16(42));
    const DeviceBuffer<Bfloat16> values(expected);
    kernels::reference::random_fill(expected.data(), count, 9);
    HEXGEN_CUDA_CHECK(kernels::random_fill(values.data(), count, 9, stream.get()));
    stream.synchronize();
    const std::vector<Bfloat16> drawn = values.to_host();
    std::size_t differences = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      differences += drawn[i].bits != expected[i].bits ? 1 : 0;
    }
    CHECK(differences == 0);
  }
}
