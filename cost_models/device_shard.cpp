#include "cost_models/device_shard.h"

#include <algorithm>
#include <string>

#include "profiles/errors.h"

namespace hexgen {
namespace {

struct HeadRanges {
  IndexRange heads;
  IndexRange kv_heads;
};

/// One share for each device of a stage.
std::vector<int> relative_shares(const Stage& stage) {
  return stage.shares.empty() ? std::vector<int>(stage.devices.size(), 1) : stage.shares;
}

/// Nobody is left without an item while there are enough.
IndexRange range_of(int total, const std::vector<int>& shares, int rank) {
  const int least = total >= std::ssize(shares) ? 1 : 0;
  return proportional_ranges(total, shares, least)[static_cast<std::size_t>(rank)];
}

HeadRanges whole_groups(const ModelSpec& model, const std::vector<int>& shares, int rank) {
  const int group = model.num_heads / model.num_kv_heads;
  const IndexRange kv_heads = range_of(model.num_kv_heads, shares, rank);
  return {{kv_heads.first * group, kv_heads.count * group}, kv_heads};
}

/// Devices that share KV head `kv_head`. The first head has the fewest, so that device 0, which has
/// the longest range of everything else, also has the most query heads.
IndexRange devices_of_kv_head(const ModelSpec& model, int tp_degree, int kv_head) {
  const int first = kv_head * tp_degree / model.num_kv_heads;
  return {first, (kv_head + 1) * tp_degree / model.num_kv_heads - first};
}

HeadRanges replicated_kv_head(const ModelSpec& model, const std::vector<int>& shares, int rank) {
  const auto tp_degree = static_cast<int>(shares.size());
  int kv_head = 0;
  while (rank >= devices_of_kv_head(model, tp_degree, kv_head).end()) {
    ++kv_head;
  }
  const IndexRange sharers = devices_of_kv_head(model, tp_degree, kv_head);
  const int group = model.num_heads / model.num_kv_heads;
  const auto first = shares.begin() + sharers.first;
  const IndexRange in_group = range_of(group, {first, first + sharers.count}, rank - sharers.first);
  return {{kv_head * group + in_group.first, in_group.count}, {kv_head, 1}};
}

std::int64_t shard_layer_parameter_count(const ModelSpec& model, const DeviceShard& shard) {
  const std::int64_t hidden = model.hidden_dim;
  const std::int64_t query = std::int64_t{shard.heads.count} * model.head_dim;
  const std::int64_t kv = std::int64_t{shard.kv_heads.count} * model.head_dim;
  std::int64_t count = 2 * hidden * query + 2 * hidden * kv;  // q, o, k, v
  count += 3 * hidden * shard.ffn_columns.count;              // gate, up, down
  count += 2 * hidden;                                        // two norms
  if (model.qkv_bias) {
    count += query + 2 * kv;
  }
  if (model.qk_norm) {
    count += 2 * std::int64_t{model.head_dim};
  }
  return count;
}

/// Embedding, final norm and LM head.
std::int64_t end_parameter_count(const ModelSpec& model, const DeviceShard& shard) {
  const std::int64_t hidden = model.hidden_dim;
  const bool shares_embedding = model.tied_embeddings && shard.position.first;
  std::int64_t count = shard.embedding_rows.count * hidden;
  if (shard.position.last) {
    count += hidden + (shares_embedding ? 0 : shard.lm_head_rows.count * hidden);
  }
  return count;
}

}  // namespace

DeviceShard make_shard(const ModelSpec& model,
                       const Stage& stage,
                       StagePosition position,
                       int rank) {
  const int tp_degree = stage.tp_degree();
  if (tp_degree > model.num_heads) {
    throw InputError("devices: " + std::to_string(tp_degree) + " are more than the model's " +
                     std::to_string(model.num_heads) + " attention heads");
  }
  const std::vector<int> shares = relative_shares(stage);
  const HeadRanges attention = tp_degree <= model.num_kv_heads
                                   ? whole_groups(model, shares, rank)
                                   : replicated_kv_head(model, shares, rank);
  const IndexRange vocabulary = range_of(model.vocab_size, shares, rank);
  return {.position = position,
          .layers = {stage.first_layer, stage.num_layers},
          .heads = attention.heads,
          .kv_heads = attention.kv_heads,
          .ffn_columns = range_of(model.ffn_dim, shares, rank),
          .embedding_rows = position.first ? vocabulary : IndexRange{},
          .lm_head_rows = position.last ? vocabulary : IndexRange{}};
}

double shard_weight_bytes(const ModelSpec& model, const DeviceShard& shard) {
  const double layers =
      static_cast<double>(shard.layers.count * shard_layer_parameter_count(model, shard));
  return layers * model.weight_bytes_per_parameter +
         static_cast<double>(end_parameter_count(model, shard)) *
             lm_head_bytes_per_parameter(model);
}

DeviceShard common_part(const DeviceShard& a, const DeviceShard& b) {
  return {.position = {.first = a.position.first && b.position.first,
                       .last = a.position.last && b.position.last},
          .layers = overlap(a.layers, b.layers),
          .heads = overlap(a.heads, b.heads),
          .kv_heads = overlap(a.kv_heads, b.kv_heads),
          .ffn_columns = overlap(a.ffn_columns, b.ffn_columns),
          .embedding_rows = overlap(a.embedding_rows, b.embedding_rows),
          .lm_head_rows = overlap(a.lm_head_rows, b.lm_head_rows)};
}

double shard_kv_bytes_per_token(const ModelSpec& model, const DeviceShard& shard) {
  return 2.0 * shard.layers.count * shard.kv_heads.count * model.head_dim *
         model.kv_bytes_per_element;
}

}  // namespace hexgen
