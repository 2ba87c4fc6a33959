#include "runner/placement/dry_run.h"

#include <algorithm>
#include <cstdio>

#include "profiles/errors.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

void add_stage(const PipelineGroup& pipeline,
               int index,
               const ModelSpec& model,
               const Cluster& cluster,
               const MemoryPolicy& policy,
               std::vector<RankMemory>& ranks) {
  const Stage& stage = pipeline.stages[static_cast<std::size_t>(index)];
  const StagePosition position = {.first = index == 0,
                                  .last = index + 1 == static_cast<int>(pipeline.stages.size())};
  const StageMemory memory =
      stage_memory(model, cluster, stage.devices, stage.num_layers, position, policy, stage.shares);
  for (int rank = 0; rank < stage.tp_degree(); ++rank) {
    const int device = stage.devices[static_cast<std::size_t>(rank)];
    const DeviceShard shard = make_shard(model, stage, position, rank);
    ranks.push_back({.stage = index,
                     .rank = rank,
                     .device = device,
                     .shard = shard,
                     .capacity_bytes = cluster.gpu_of(device).memory_bytes,
                     .weight_bytes = shard_weight_bytes(model, shard),
                     .activation_bytes = memory.activation_bytes,
                     .reserve_bytes = memory.reserve_bytes,
                     .kv_bytes_per_token = shard_kv_bytes_per_token(model, shard)});
  }
}

double missing_bytes(const RankMemory& rank, std::int64_t planned_kv_tokens) {
  const auto tokens = static_cast<double>(std::max<std::int64_t>(planned_kv_tokens, 1));
  return rank.kv_bytes_per_token * tokens - rank.free_bytes();
}

std::string gb(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", bytes / kGiga);
  return text;
}

[[noreturn]] void refuse(std::size_t pipeline,
                         const RankMemory& rank,
                         double missing,
                         const Cluster& cluster) {
  const double kv_bytes = missing + rank.free_bytes();
  char bytes[32];
  std::snprintf(bytes, sizeof bytes, "%.0f", missing);
  throw InfeasibleError("pipelines[" + std::to_string(pipeline) + "].stages[" +
                        std::to_string(rank.stage) + "]: device " +
                        cluster.device_name(rank.device) + " (" + cluster.gpu_of(rank.device).name +
                        ") lacks " + bytes + " bytes: weights " + gb(rank.weight_bytes) + ", KV " +
                        gb(kv_bytes) + ", activations " + gb(rank.activation_bytes) + ", reserve " +
                        gb(rank.reserve_bytes) + " do not fit in " + gb(rank.capacity_bytes));
}

}  // namespace

std::int64_t RankMemory::kv_capacity_tokens() const {
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(free_bytes() / kv_bytes_per_token));
}

const RankMemory& PipelineDryRun::binding_rank() const {
  return *std::min_element(
      ranks.begin(), ranks.end(), [](const RankMemory& a, const RankMemory& b) {
        return a.kv_capacity_tokens() < b.kv_capacity_tokens();
      });
}

std::vector<PipelineDryRun> dry_run(const Plan& plan,
                                    const ModelSpec& model,
                                    const Cluster& cluster,
                                    const MemoryPolicy& policy) {
  std::vector<PipelineDryRun> pipelines;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    PipelineDryRun placed = {.name = pipeline.name,
                             .planned_kv_tokens = pipeline.kv_capacity_tokens};
    for (int stage = 0; stage < static_cast<int>(pipeline.stages.size()); ++stage) {
      try {
        add_stage(pipeline, stage, model, cluster, policy, placed.ranks);
      } catch (const InputError& error) {
        throw InputError("pipelines[" + std::to_string(pipelines.size()) + "].stages[" +
                         std::to_string(stage) + "]." + error.what());
      }
    }
    pipelines.push_back(std::move(placed));
  }
  return pipelines;
}

void check_fits(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster) {
  const RankMemory* worst = nullptr;
  std::size_t worst_pipeline = 0;
  double most_missing = 0;
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    for (const RankMemory& rank : pipelines[p].ranks) {
      const double missing = missing_bytes(rank, pipelines[p].planned_kv_tokens);
      if (missing > most_missing) {
        worst = &rank;
        worst_pipeline = p;
        most_missing = missing;
      }
    }
  }
  if (worst != nullptr) {
    refuse(worst_pipeline, *worst, most_missing, cluster);
  }
}

}  // namespace hexgen
