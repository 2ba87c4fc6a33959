#include "runner/profiler/gpu_measurement.h"

#include <string>

#include "kernels/empty_kernel.h"
#include "kernels/stream_read.h"
#include "profiles/errors.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda_check.h"
#include "runner/event_timer.h"
#include "runner/graph_timing.h"
#include "runner/profiler/attention_measurement.h"
#include "runner/profiler/elementwise_measurement.h"
#include "runner/profiler/product_measurement.h"
#include "runner/random_pool.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

constexpr std::size_t kPoolBytes = std::size_t{2} << 30;
constexpr std::chrono::seconds kDeadline(30);

GpuMeasurement describe(const ProfiledDevice& device, const CudaContext& context) {
  cudaDeviceProp properties{};
  HEXGEN_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.gpu));
  return {.index = device.gpu,
          .name = properties.name,
          .sm_limit = device.sm_limit,
          .compute_capability = 10 * properties.major + properties.minor,
          .multiprocessors = context.multiprocessors(),
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

std::vector<ReadTiming> measure_reads(const RandomPool& pool, const CudaContext& context) {
  std::vector<ReadTiming> reads;
  const DeviceBuffer<std::uint64_t> sum(1);
  for (const int mebibytes : {64, 256, 1024}) {
    const std::size_t bytes = static_cast<std::size_t>(mebibytes) << 20;
    const Timing time = time_in_graph(context.stream(), 8, [&](int call) {
      const Bfloat16* values = pool.stretch(bytes / sizeof(Bfloat16), call);
      HEXGEN_CUDA_CHECK(kernels::stream_read(reinterpret_cast<const std::uint32_t*>(values),
                                             bytes / sizeof(std::uint32_t),
                                             sum.data(),
                                             context.multiprocessors(),
                                             context.stream().get()));
    });
    reads.push_back({static_cast<double>(bytes), time});
  }
  return reads;
}

}  // namespace

std::string device_name(const ProfiledDevice& device, const std::string& gpu_name) {
  const std::string part =
      device.sm_limit == 0 ? "" : ", " + std::to_string(device.sm_limit) + " multiprocessors";
  return "GPU " + std::to_string(device.gpu) + " (" + gpu_name + part + ")";
}

GpuMeasurement measure_gpu(const ProfiledDevice& device, const ProfileProgress& progress) {
  const CudaContext context(device.gpu, device.sm_limit, kDeadline);
  GpuMeasurement gpu = describe(device, context);
  const auto tell = [&](const std::string& what) {
    if (progress) {
      progress(device_name(device, gpu.name) + ": " + what);
    }
  };
  tell("launches and memory");
  gpu.launch = measure_launch(context.stream());
  gpu.graph_launch = measure_graph_launch(context.stream());
  gpu.usable_memory_bytes = free_memory_bytes();
  check_usable(gpu);

  const RandomPool pool(kPoolBytes, context.stream());
  gpu.reads = measure_reads(pool, context);
  tell("matrix products");
  gpu.gemms = measure_products(pool, context);
  tell("attention and elementwise kernels");
  gpu.attention = measure_attention(pool, context);
  gpu.prefill_attention = measure_prefill_attention(pool, context);
  gpu.elementwise = measure_elementwise(pool, context);
  return gpu;
}

}  // namespace hexgen
