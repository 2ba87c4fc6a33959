#include "runner/profiler/product_measurement.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "kernels/matvec_shape.h"
#include "runner/cuda/products.h"
#include "runner/graph_timing.h"
#include "runner/profiler/model_family.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

// Dense where decode steps with few sequences lie, and on both sides of the end of our own kernel
// and of the tiles that products of prompts are cut into, where times jump.
constexpr std::array kRows = {1,
                              2,
                              3,
                              kernels::kMostMatvecRows,
                              kernels::kMostMatvecRows + 1,
                              8,
                              16,
                              32,
                              64,
                              72,
                              128,
                              136,
                              192,
                              200,
                              256,
                              264,
                              384,
                              392,
                              512,
                              520,
                              640,
                              768,
                              1024,
                              2048,
                              4096};
constexpr int kMostLogitRows = 512;  // sequences, not tokens

using WeightShape = std::pair<int, int>;  // inner_dim, columns

/// Which matrices there are, and whether their results are logits.
std::map<WeightShape, bool> weight_shapes() {
  std::map<WeightShape, bool> shapes;
  for (const LayerShard& shard : family_shards()) {
    shapes[{shard.hidden_dim, shard.query_dim() + 2 * shard.kv_dim()}] = false;
    shapes[{shard.query_dim(), shard.hidden_dim}] = false;
    shapes[{shard.hidden_dim, 2 * shard.ffn_dim}] = false;
    shapes[{shard.ffn_dim, shard.hidden_dim}] = false;
    shapes.insert({{shard.hidden_dim, shard.vocab_rows}, true});
  }
  return shapes;
}

/// Bytes of the largest result.
std::size_t result_bytes(const std::map<WeightShape, bool>& shapes) {
  std::size_t most = 0;
  for (const auto& [shape, logits] : shapes) {
    const auto columns = static_cast<std::size_t>(shape.second);
    most = std::max(
        most,
        columns * (logits ? kMostLogitRows * sizeof(float) : kRows.back() * sizeof(Bfloat16)));
  }
  return most;
}

/// Enough calls to walk through several times the L2 cache, few enough for a graph. With many rows
/// arithmetic takes the time, wherever the weights lie.
int calls_of(std::size_t weights, int rows) {
  constexpr double kWalkedBytes = 512e6;
  constexpr int kManyRows = 1024;
  const double most = rows < kManyRows ? 64 : 8;
  const double weight_bytes = 2.0 * static_cast<double>(weights);
  return static_cast<int>(std::clamp(kWalkedBytes / weight_bytes, 4.0, most));
}

}  // namespace

std::vector<GemmTiming> measure_products(const RandomPool& pool, const CudaContext& context) {
  const std::map<WeightShape, bool> shapes = weight_shapes();
  const DeviceBuffer<std::byte> y(result_bytes(shapes));
  std::vector<GemmTiming> timings;
  for (const auto& [shape, logits] : shapes) {
    const int inner_dim = shape.first;
    const int columns = shape.second;
    const std::size_t weights = std::size_t(inner_dim) * std::size_t(columns);
    Products products(context.blas());
    for (const int rows : kRows) {
      if (logits && rows > kMostLogitRows) {
        break;
      }
      const GemmShape gemm = {rows, inner_dim, columns, logits};
      const Timing time = time_in_graph(context.stream(), calls_of(weights, rows), [&](int call) {
        products.multiply(
            gemm, pool.data(), pool.stretch(weights, call), y.data(), context.stream());
      });
      timings.push_back({rows, inner_dim, columns, time});
    }
  }
  return timings;
}

}  // namespace hexgen
