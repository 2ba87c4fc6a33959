#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "profiles/units.h"
#include "runner/placement/dry_run.h"

namespace hexgen {
namespace {

using Json = nlohmann::ordered_json;

std::string range_text(const IndexRange& range) {
  return range.count == 0 ? "-"
                          : std::to_string(range.first) + "-" + std::to_string(range.end() - 1);
}

/// The rows of the embedding and of the LM head are the same range, where a stage has them.
const IndexRange& vocabulary_rows(const DeviceShard& shard) {
  return shard.embedding_rows.count > 0 ? shard.embedding_rows : shard.lm_head_rows;
}

constexpr std::array<int, 12> kWidths = {5, 4, -14, -17, 8, 8, 8, 14, 16, 10, 8, 10};

/// Pads each cell to its column's width, to the right where that is negative.
std::string table_line(const std::array<std::string, kWidths.size()>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto width = static_cast<std::size_t>(std::abs(kWidths[i]));
    const std::string padding(width - std::min(width, cells[i].size()), ' ');
    line += (i == 0 ? "" : "  ") + (kWidths[i] < 0 ? cells[i] + padding : padding + cells[i]);
  }
  return line + "\n";
}

std::string gb(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", bytes / kGiga);
  return text;
}

std::string table_line(const RankMemory& rank, const Cluster& cluster) {
  return table_line({std::to_string(rank.stage),
                     std::to_string(rank.rank),
                     cluster.device_name(rank.device),
                     cluster.gpu_of(rank.device).name,
                     range_text(rank.shard.layers),
                     range_text(rank.shard.heads),
                     range_text(rank.shard.kv_heads),
                     range_text(rank.shard.ffn_columns),
                     range_text(vocabulary_rows(rank.shard)),
                     gb(rank.weight_bytes),
                     gb(rank.free_bytes()),
                     std::to_string(rank.kv_capacity_tokens())});
}

Json to_json(const IndexRange& range) {
  return {{"first", range.first}, {"count", range.count}};
}

Json to_json(const RankMemory& rank, const Cluster& cluster) {
  const Device& device = cluster.device(rank.device);
  return {{"stage", rank.stage},
          {"rank", rank.rank},
          {"node", cluster.node_of(rank.device).name},
          {"local_gpu", device.index},
          {"gpu_type", cluster.gpu_of(rank.device).name},
          {"layers", to_json(rank.shard.layers)},
          {"heads", to_json(rank.shard.heads)},
          {"kv_heads", to_json(rank.shard.kv_heads)},
          {"ffn_columns", to_json(rank.shard.ffn_columns)},
          {"embedding_rows", to_json(rank.shard.embedding_rows)},
          {"lm_head_rows", to_json(rank.shard.lm_head_rows)},
          {"capacity_bytes", static_cast<std::int64_t>(rank.capacity_bytes)},
          {"weight_bytes", static_cast<std::int64_t>(rank.weight_bytes)},
          {"activation_bytes", static_cast<std::int64_t>(rank.activation_bytes)},
          {"reserve_bytes", static_cast<std::int64_t>(rank.reserve_bytes)},
          {"kv_bytes_per_token", rank.kv_bytes_per_token},
          {"kv_capacity_tokens", rank.kv_capacity_tokens()}};
}

}  // namespace

std::string dry_run_table(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster) {
  std::string text;
  for (const PipelineDryRun& pipeline : pipelines) {
    const RankMemory& binding = pipeline.binding_rank();
    text += (text.empty() ? "" : "\n") + pipeline.name + ": room for " +
            std::to_string(binding.kv_capacity_tokens()) + " KV tokens, bound by stage " +
            std::to_string(binding.stage) + " (" + cluster.device_name(binding.device) + ")\n";
    text += table_line({"stage",
                        "rank",
                        "device",
                        "GPU",
                        "layers",
                        "heads",
                        "KV heads",
                        "FFN columns",
                        "vocabulary",
                        "weights GB",
                        "free GB",
                        "KV tokens"});
    for (const RankMemory& rank : pipeline.ranks) {
      text += table_line(rank, cluster);
    }
  }
  return text;
}

std::string dry_run_json(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster) {
  Json document = {{"format", "hexgen.dry_run/1"}, {"pipelines", Json::array()}};
  for (const PipelineDryRun& pipeline : pipelines) {
    Json ranks = Json::array();
    for (const RankMemory& rank : pipeline.ranks) {
      ranks.push_back(to_json(rank, cluster));
    }
    const RankMemory& binding = pipeline.binding_rank();
    document["pipelines"].push_back({{"name", pipeline.name},
                                     {"planned_kv_tokens", pipeline.planned_kv_tokens},
                                     {"kv_capacity_tokens", binding.kv_capacity_tokens()},
                                     {"binding_stage", binding.stage},
                                     {"ranks", std::move(ranks)}});
  }
  return document.dump(2) + "\n";
}

}  // namespace hexgen
