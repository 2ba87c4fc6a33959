#include "runner/profiler/attention_measurement.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <utility>

#include "kernels/attention_decode.h"
#include "kernels/attention_prefill.h"
#include "runner/cuda_check.h"
#include "runner/graph_timing.h"
#include "runner/profiler/model_family.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;
using kernels::DecodeAttentionShape;
using kernels::kKvBlockTokens;
using kernels::PrefillAttentionShape;

using Heads = std::pair<int, int>;  // query heads, KV heads

constexpr int kHeadDim = LayerShard::kHeadDim;
constexpr std::array<Heads, 3> kDecodeHeads = {{{32, 32}, {64, 8}, {8, 1}}};
constexpr std::array<int, 3> kBatches = {1, 8, 32};
constexpr std::array<int, 3> kContexts = {512, 2048, 8192};

/// New tokens behind cached ones.
constexpr std::array<std::pair<int, int>, 10> kPrompts = {{{16, 0},
                                                           {128, 0},
                                                           {256, 0},
                                                           {512, 0},
                                                           {1024, 0},
                                                           {2048, 0},
                                                           {4096, 0},
                                                           {128, 1024},
                                                           {512, 2048},
                                                           {1024, 3072}}};

/// Block tables for `calls` calls: a random order of all blocks, dealt out one call after the
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

/// The pool as a KV cache, and block tables for several calls that read different parts of it.
class PoolCache {
 public:
  PoolCache(const RandomPool& pool, int num_kv_heads, std::size_t table_size)
      : pool_(pool),
        table_size_(table_size),
        num_blocks_(pool.size() / 2 / (std::size_t{kKvBlockTokens} * num_kv_heads * kHeadDim)),
        calls_(static_cast<int>(std::clamp<std::size_t>(num_blocks_ / table_size, 2, 32))),
        tables_(shuffled_tables(static_cast<int>(num_blocks_), calls_ * table_size)) {}

  int calls() const { return calls_; }

  kernels::KvCache<const Bfloat16> cache() const {
    return {pool_.data(), pool_.data() + pool_.size() / 2};
  }

  const int* table(int call) const {
    return tables_.data() + static_cast<std::size_t>(call) * table_size_;
  }

 private:
  const RandomPool& pool_;
  std::size_t table_size_;
  std::size_t num_blocks_;
  int calls_;
  DeviceBuffer<int> tables_;
};

Timing time_decode(DecodeAttentionShape shape, const RandomPool& pool, const CudaContext& context) {
  shape.num_splits = kernels::choose_num_splits(shape, context.multiprocessors());
  const std::size_t table_size = std::size_t(shape.num_sequences) * shape.max_blocks;
  const PoolCache cached(pool, shape.num_kv_heads, table_size);
  const DeviceBuffer<int> contexts(std::vector<int>(static_cast<std::size_t>(shape.num_sequences),
                                                    shape.max_blocks * kKvBlockTokens));
  const DeviceBuffer<Bfloat16> out(std::size_t(shape.num_sequences) * shape.num_heads *
                                   shape.head_dim);
  const DeviceBuffer<std::byte> scratch(kernels::attention_decode_scratch_bytes(shape));
  return time_in_graph(context.stream(), cached.calls(), [&](int call) {
    HEXGEN_CUDA_CHECK(kernels::attention_decode<Bfloat16>(shape,
                                                          {.q = pool.data(),
                                                           .cache = cached.cache(),
                                                           .block_table = cached.table(call),
                                                           .context_tokens = contexts.data(),
                                                           .out = out.data()},
                                                          scratch.data(),
                                                          context.stream().get()));
  });
}

Timing time_prefill(const PrefillAttentionTiming& prompt,
                    const RandomPool& pool,
                    const CudaContext& context) {
  constexpr int kMostCalls = 4;
  const int tokens = prompt.past_tokens + prompt.new_tokens;
  const PrefillAttentionShape shape = {.num_sequences = 1,
                                       .num_heads = prompt.num_heads,
                                       .num_kv_heads = prompt.num_kv_heads,
                                       .head_dim = prompt.head_dim,
                                       .max_blocks = tokens / kKvBlockTokens,
                                       .max_queries = prompt.new_tokens};
  const PoolCache cached(pool, prompt.num_kv_heads, static_cast<std::size_t>(shape.max_blocks));
  const DeviceBuffer<int> query_starts(std::vector<int>{0, prompt.new_tokens});
  const DeviceBuffer<int> contexts(std::vector<int>{tokens});
  const DeviceBuffer<Bfloat16> out(std::size_t(prompt.new_tokens) * prompt.num_heads *
                                   prompt.head_dim);
  return time_in_graph(context.stream(), std::min(cached.calls(), kMostCalls), [&](int call) {
    HEXGEN_CUDA_CHECK(kernels::attention_prefill<Bfloat16>(shape,
                                                           {.q = pool.data(),
                                                            .cache = cached.cache(),
                                                            .block_table = cached.table(call),
                                                            .query_starts = query_starts.data(),
                                                            .context_tokens = contexts.data(),
                                                            .out = out.data()},
                                                           context.stream().get()));
  });
}

std::set<Heads> prefill_heads() {
  std::set<Heads> heads;
  for (const LayerShard& shard : family_shards()) {
    heads.insert({shard.num_heads, shard.num_kv_heads});
  }
  return heads;
}

}  // namespace

std::vector<AttentionTiming> measure_attention(const RandomPool& pool, const CudaContext& context) {
  std::vector<AttentionTiming> timings;
  for (const auto& [num_heads, num_kv_heads] : kDecodeHeads) {
    for (const int sequences : kBatches) {
      for (const int tokens : kContexts) {
        AttentionTiming timing = {.sequences = sequences,
                                  .context_tokens = tokens,
                                  .num_heads = num_heads,
                                  .num_kv_heads = num_kv_heads,
                                  .head_dim = kHeadDim};
        if (timing.kv_bytes() > static_cast<double>(pool.size() * sizeof(Bfloat16))) {
          continue;
        }
        timing.time = time_decode({.num_sequences = sequences,
                                   .num_heads = num_heads,
                                   .num_kv_heads = num_kv_heads,
                                   .head_dim = kHeadDim,
                                   .max_blocks = tokens / kKvBlockTokens},
                                  pool,
                                  context);
        timings.push_back(timing);
      }
    }
  }
  return timings;
}

std::vector<PrefillAttentionTiming> measure_prefill_attention(const RandomPool& pool,
                                                              const CudaContext& context) {
  std::vector<PrefillAttentionTiming> timings;
  for (const auto& [num_heads, num_kv_heads] : prefill_heads()) {
    for (const auto& [new_tokens, past_tokens] : kPrompts) {
      PrefillAttentionTiming timing = {.new_tokens = new_tokens,
                                       .past_tokens = past_tokens,
                                       .num_heads = num_heads,
                                       .num_kv_heads = num_kv_heads,
                                       .head_dim = kHeadDim};
      timing.time = time_prefill(timing, pool, context);
      timings.push_back(timing);
    }
  }
  return timings;
}

}  // namespace hexgen
