#include "runner/profiler/elementwise_measurement.h"

#include <numeric>

#include "kernels/rms_norm.h"
#include "kernels/rope_append.h"
#include "kernels/silu_mul.h"
#include "runner/cuda_check.h"
#include "runner/graph_timing.h"
#include "runner/profiler/model_family.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

constexpr int kMostRows = 4096;

std::vector<int> counting(int count) {
  std::vector<int> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

DeviceBuffer<Bfloat16> rows_of(int width) {
  return DeviceBuffer<Bfloat16>(std::size_t{kMostRows} * static_cast<std::size_t>(width));
}

/// Activations and KV cache of one shard. As in a step, they lie where the kernel in front may just
/// have written them.
class ElementwiseLayer {
 public:
  explicit ElementwiseLayer(const LayerShard& shard)
      : shard_(shard),
        residual_(rows_of(shard.hidden_dim)),
        normed_(rows_of(shard.hidden_dim)),
        q_(rows_of(shard.query_dim())),
        k_cache_(rows_of(shard.kv_dim())),
        v_cache_(rows_of(shard.kv_dim())),
        activated_(rows_of(shard.ffn_dim)),
        positions_(counting(kMostRows)),
        frequencies_(std::vector<float>(LayerShard::kHeadDim / 2, 0.01F)) {}

  void run(int rows, const RandomPool& pool, cudaStream_t stream) const {
    add_and_normalise(rows, pool, stream);
    HEXGEN_CUDA_CHECK(kernels::rope_append<Bfloat16>({.num_tokens = rows,
                                                      .num_heads = shard_.num_heads,
                                                      .num_kv_heads = shard_.num_kv_heads,
                                                      .head_dim = LayerShard::kHeadDim},
                                                     {.qkv = pool.data(),
                                                      .inverse_frequencies = frequencies_.data(),
                                                      .positions = positions_.data(),
                                                      .slots = positions_.data(),
                                                      .q = q_.data(),
                                                      .cache = {k_cache_.data(), v_cache_.data()}},
                                                     stream));
    add_and_normalise(rows, pool, stream);
    HEXGEN_CUDA_CHECK(
        kernels::silu_mul<Bfloat16>({.num_rows = rows, .width = shard_.ffn_dim},
                                    {.gate_up = pool.data(), .out = activated_.data()},
                                    stream));
  }

 private:
  void add_and_normalise(int rows, const RandomPool& pool, cudaStream_t stream) const {
    HEXGEN_CUDA_CHECK(kernels::rms_norm<Bfloat16>({.num_rows = rows, .width = shard_.hidden_dim},
                                                  {.x = pool.data(),
                                                   .residual = residual_.data(),
                                                   .weight = pool.data(),
                                                   .out = normed_.data()},
                                                  stream));
  }

  LayerShard shard_;
  DeviceBuffer<Bfloat16> residual_;
  DeviceBuffer<Bfloat16> normed_;
  DeviceBuffer<Bfloat16> q_;
  DeviceBuffer<Bfloat16> k_cache_;
  DeviceBuffer<Bfloat16> v_cache_;
  DeviceBuffer<Bfloat16> activated_;
  DeviceBuffer<int> positions_;  // slots of the cache as well
  DeviceBuffer<float> frequencies_;
};

}  // namespace

std::vector<ElementwiseTiming> measure_elementwise(const RandomPool& pool,
                                                   const CudaContext& context) {
  constexpr int kCalls = 8;
  std::vector<ElementwiseTiming> timings;
  for (const LayerShard& shard : family_shards()) {
    const ElementwiseLayer layer(shard);
    for (int rows = 1; rows <= kMostRows; rows *= 4) {
      const Timing time = time_in_graph(
          context.stream(), kCalls, [&](int) { layer.run(rows, pool, context.stream().get()); });
      timings.push_back({.rows = rows,
                         .hidden_dim = shard.hidden_dim,
                         .ffn_dim = shard.ffn_dim,
                         .num_heads = shard.num_heads,
                         .num_kv_heads = shard.num_kv_heads,
                         .head_dim = LayerShard::kHeadDim,
                         .time = time});
    }
  }
  return timings;
}

}  // namespace hexgen
