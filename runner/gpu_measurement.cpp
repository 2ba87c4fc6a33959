#include "runner/gpu_measurement.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "kernels/empty_kernel.h"
#include "kernels/stream_read.h"
#include "profiles/errors.h"
#include "runner/attention_measurement.h"
#include "runner/cuda_check.h"
#include "runner/event_timer.h"
#include "runner/gemm.h"
#include "runner/graph_timing.h"
#include "runner/random_pool.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

constexpr std::size_t kPoolBytes = std::size_t{2} << 30;

// The GEMMs of a layer: q/k/v fused, output, gate/up fused, down.
struct LayerShape {
  int hidden_dim;
  int ffn_dim;
  int kv_dim;
};

constexpr std::array<LayerShape, 2> kLayers = {{
    {.hidden_dim = 4096, .ffn_dim = 11008, .kv_dim = 4096},  // Llama-2-7B
    {.hidden_dim = 8192, .ffn_dim = 28672, .kv_dim = 1024},  // Llama-2-70B, Llama-3-70B
}};

struct WeightShape {
  int inner_dim;
  int columns;

  auto operator<=>(const WeightShape&) const = default;
};

std::set<WeightShape> weight_shapes() {
  std::set<WeightShape> shapes;
  for (const LayerShape& layer : kLayers) {
    for (const int tp_degree : {1, 2, 4, 8}) {
      const int query = layer.hidden_dim / tp_degree;
      const int ffn = layer.ffn_dim / tp_degree;
      shapes.insert({layer.hidden_dim, query + 2 * layer.kv_dim / tp_degree});
      shapes.insert({query, layer.hidden_dim});
      shapes.insert({layer.hidden_dim, 2 * ffn});
      shapes.insert({ffn, layer.hidden_dim});
    }
  }
  return shapes;
}

GpuMeasurement describe(int index) {
  cudaDeviceProp properties{};
  HEXGEN_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
  return {.index = index,
          .name = properties.name,
          .compute_capability = 10 * properties.major + properties.minor,
          .multiprocessors = properties.multiProcessorCount,
          .memory_bytes = static_cast<double>(properties.totalGlobalMem),
          .l2_bytes = static_cast<double>(properties.l2CacheSize)};
}

double free_memory_bytes() {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  HEXGEN_CUDA_CHECK(cudaMemGetInfo(&free_bytes, &total_bytes));
  return static_cast<double>(free_bytes);
}

void check_usable(const GpuMeasurement& gpu) {
  constexpr double kNeededBytes = 4e9;  // the pool, the products' results, workspaces
  const std::string who = "GPU " + std::to_string(gpu.index) + " (" + gpu.name + ") ";
  if (gpu.compute_capability < 80) {
    throw DeviceError(who + "has compute capability " +
                      std::to_string(gpu.compute_capability / 10) + "." +
                      std::to_string(gpu.compute_capability % 10) + ", bf16 needs 8.0 or newer");
  }
  if (gpu.usable_memory_bytes < kNeededBytes) {
    throw DeviceError(who + "has " + std::to_string(gpu.usable_memory_bytes / 1e9) +
                      " GB free, profiling needs 4; is another program running on it?");
  }
}

/// One empty kernel among many in a stream, without a graph.
Timing measure_launch(const Stream& stream) {
  constexpr int kLaunches = 500;
  constexpr int kSamples = 11;
  EventTimer timer;
  std::vector<double> samples_s;
  for (int sample = -1; sample < kSamples; ++sample) {  // the first one warms up
    timer.start(stream);
    for (int i = 0; i < kLaunches; ++i) {
      HEXGEN_CUDA_CHECK(kernels::empty_kernel(stream.get()));
    }
    timer.stop(stream);
    stream.synchronize();
    if (sample >= 0) {
      samples_s.push_back(timer.elapsed_s() / kLaunches);
    }
  }
  return summarize(std::move(samples_s));
}

Timing measure_graph_launch(const Stream& stream) {
  constexpr int kLaunches = 500;
  return time_in_graph(
      stream, kLaunches, [&](int) { HEXGEN_CUDA_CHECK(kernels::empty_kernel(stream.get())); });
}

std::vector<ReadTiming> measure_reads(const RandomPool& pool,
                                      int multiprocessors,
                                      const Stream& stream) {
  std::vector<ReadTiming> reads;
  const DeviceBuffer<std::uint64_t> sum(1);
  for (const int mebibytes : {64, 256, 1024}) {
    const std::size_t bytes = static_cast<std::size_t>(mebibytes) << 20;
    const Timing time = time_in_graph(stream, 8, [&](int call) {
      const Bfloat16* values = pool.stretch(bytes / sizeof(Bfloat16), call);
      HEXGEN_CUDA_CHECK(kernels::stream_read(reinterpret_cast<const std::uint32_t*>(values),
                                             bytes / sizeof(std::uint32_t),
                                             sum.data(),
                                             multiprocessors,
                                             stream.get()));
    });
    reads.push_back({static_cast<double>(bytes), time});
  }
  return reads;
}

/// Enough calls to walk through several times the L2 cache, few enough for a graph.
int gemm_calls(const WeightShape& shape) {
  constexpr double kWalkedBytes = 512e6;
  const double weight_bytes = 2.0 * shape.inner_dim * shape.columns;
  return static_cast<int>(std::clamp(kWalkedBytes / weight_bytes, 4.0, 64.0));
}

std::vector<GemmTiming> measure_gemms(const RandomPool& pool, const Stream& stream) {
  constexpr int kMostRows = 4096;
  const std::set<WeightShape> shapes = weight_shapes();
  int widest = 0;
  for (const WeightShape& shape : shapes) {
    widest = std::max(widest, shape.columns);
  }
  const BlasContext context;
  const DeviceBuffer<Bfloat16> y(static_cast<std::size_t>(kMostRows) * widest);
  std::vector<GemmTiming> gemms;
  for (const WeightShape& shape : shapes) {
    const std::size_t weights = static_cast<std::size_t>(shape.inner_dim) * shape.columns;
    for (int rows = 1; rows <= kMostRows; rows *= 2) {
      const Gemm gemm(context, {rows, shape.inner_dim, shape.columns});
      const Timing time = time_in_graph(stream, gemm_calls(shape), [&](int call) {
        gemm.run(pool.data(), pool.stretch(weights, call), y.data(), stream);
      });
      gemms.push_back({rows, shape.inner_dim, shape.columns, time});
    }
  }
  return gemms;
}

}  // namespace

GpuMeasurement measure_gpu(int index, const ProfileProgress& progress) {
  HEXGEN_CUDA_CHECK(cudaSetDevice(index));
  GpuMeasurement gpu = describe(index);
  const auto tell = [&](const std::string& what) {
    if (progress) {
      progress("GPU " + std::to_string(index) + " (" + gpu.name + "): " + what);
    }
  };
  tell("launches and memory");
  const Stream stream;
  gpu.launch = measure_launch(stream);
  gpu.graph_launch = measure_graph_launch(stream);
  gpu.usable_memory_bytes = free_memory_bytes();
  check_usable(gpu);

  const RandomPool pool(kPoolBytes, stream);
  gpu.reads = measure_reads(pool, gpu.multiprocessors, stream);
  tell("matrix products");
  gpu.gemms = measure_gemms(pool, stream);
  tell("attention");
  gpu.attention = measure_attention(pool, gpu.multiprocessors, stream);
  return gpu;
}

}  // namespace hexgen
