#include "runner/attention_measurement.h"

#include <algorithm>
#include <array>
#include <random>

#include "kernels/attention_decode.h"
#include "runner/cuda_check.h"
#include "runner/graph_timing.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;
using kernels::DecodeAttentionShape;
using kernels::kKvBlockTokens;

struct HeadShape {
  int num_heads;
  int num_kv_heads;
};

constexpr int kHeadDim = 128;
constexpr std::array<HeadShape, 3> kHeads = {{{32, 32}, {64, 8}, {8, 1}}};
constexpr std::array<int, 3> kBatches = {1, 8, 32};
constexpr std::array<int, 3> kContexts = {512, 2048, 8192};

/// Block tables for `calls` steps: a random order of all blocks, dealt out one call after the
/// other.
std::vector<int> shuffled_tables(int num_blocks, std::size_t entries) {
  std::vector<int> order(static_cast<std::size_t>(num_blocks));
  for (int block = 0; block < num_blocks; ++block) {
    order[static_cast<std::size_t>(block)] = block;
  }
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  std::vector<int> tables(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    tables[i] = order[i % order.size()];
  }
  return tables;
}

Timing time_attention(DecodeAttentionShape shape,
                      const RandomPool& pool,
                      int multiprocessors,
                      const Stream& stream) {
  shape.num_splits = kernels::choose_num_splits(shape, multiprocessors);
  const std::size_t half = pool.size() / 2;  // keys, then values
  const std::size_t block = std::size_t{kKvBlockTokens} * shape.num_kv_heads * shape.head_dim;
  const std::size_t table_size = std::size_t(shape.num_sequences) * shape.max_blocks;
  const std::size_t num_blocks = half / block;
  const int calls = static_cast<int>(std::clamp<std::size_t>(num_blocks / table_size, 2, 32));

  const DeviceBuffer<int> tables(shuffled_tables(static_cast<int>(num_blocks), calls * table_size));
  const DeviceBuffer<int> contexts(std::vector<int>(static_cast<std::size_t>(shape.num_sequences),
                                                    shape.max_blocks * kKvBlockTokens));
  const DeviceBuffer<Bfloat16> out(std::size_t(shape.num_sequences) * shape.num_heads *
                                   shape.head_dim);
  const DeviceBuffer<std::byte> scratch(kernels::attention_decode_scratch_bytes(shape));
  return time_in_graph(stream, calls, [&](int call) {
    HEXGEN_CUDA_CHECK(kernels::attention_decode<Bfloat16>(
        shape,
        {.q = pool.data(),
         .cache = {pool.data(), pool.data() + half},
         .block_table = tables.data() + static_cast<std::size_t>(call) * table_size,
         .context_tokens = contexts.data(),
         .out = out.data()},
        scratch.data(),
        stream.get()));
  });
}

}  // namespace

std::vector<AttentionTiming> measure_attention(const RandomPool& pool,
                                               int multiprocessors,
                                               const Stream& stream) {
  std::vector<AttentionTiming> timings;
  for (const HeadShape& heads : kHeads) {
    for (const int sequences : kBatches) {
      for (const int context : kContexts) {
        AttentionTiming timing = {.sequences = sequences,
                                  .context_tokens = context,
                                  .num_heads = heads.num_heads,
                                  .num_kv_heads = heads.num_kv_heads,
                                  .head_dim = kHeadDim};
        if (timing.kv_bytes() > static_cast<double>(pool.size() * sizeof(Bfloat16))) {
          continue;
        }
        timing.time = time_attention({.num_sequences = sequences,
                                      .num_heads = heads.num_heads,
                                      .num_kv_heads = heads.num_kv_heads,
                                      .head_dim = kHeadDim,
                                      .max_blocks = context / kKvBlockTokens},
                                     pool,
                                     multiprocessors,
                                     stream);
        timings.push_back(timing);
      }
    }
  }
  return timings;
}

}  // namespace hexgen
