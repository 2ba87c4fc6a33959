#include "kernels/stream_read.h"
#include "runner/bench/work_floor.h"
#include "runner/cuda/sm_partition.h"
#include "runner/device_buffer.h"
#include "runner/gemm.h"
#include "runner/graph_timing.h"
#include "runner/random_pool.h"

namespace hexgen {
namespace {

constexpr std::size_t kPoolBytes = std::size_t{2} << 30;

double read_bytes_per_s(const RandomPool& pool, int multiprocessors, const Stream& stream) {
  constexpr std::size_t kBytes = std::size_t{1} << 30;
  const DeviceBuffer<std::uint64_t> sum(1);
  const Timing time = time_in_graph(stream, 8, [&](int call) {
    const auto* words = reinterpret_cast<const std::uint32_t*>(
        pool.stretch(kBytes / sizeof(kernels::Bfloat16), call));
    HEXGEN_CUDA_CHECK(kernels::stream_read(
        words, kBytes / sizeof(std::uint32_t), sum.data(), multiprocessors, stream.get()));
  });
  return static_cast<double>(kBytes) / time.median_s;
}

double gemm_flops_per_s(const RandomPool& pool, const Stream& stream) {
  constexpr int kSize = 8192;
  constexpr std::size_t kElements = std::size_t{kSize} * kSize;
  const BlasContext context;
  Gemm gemm(context, {kSize, kSize, kSize});
  const DeviceBuffer<kernels::Bfloat16> y(kElements);
  const Timing time = time_in_graph(stream, 8, [&](int call) {
    gemm.run(pool.stretch(kElements, call), pool.stretch(kElements, call + 1), y.data(), stream);
  });
  return 2.0 * kSize * kElements / time.median_s;
}

}  // namespace

Ceilings measure_ceilings(int gpu) {
  HEXGEN_CUDA_CHECK(cudaSetDevice(gpu));
  const Stream stream;
  const RandomPool pool(kPoolBytes, stream);
  return {.read_bytes_per_s = read_bytes_per_s(pool, num_multiprocessors(gpu), stream),
          .gemm_flops_per_s = gemm_flops_per_s(pool, stream)};
}

}  // namespace hexgen
