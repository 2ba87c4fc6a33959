#include "planner/replanning.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "planner/warm_search.h"
#include "profiles/errors.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// The pipelines with device d as numbers[d].
std::vector<PipelineGroup> renumbered(std::vector<PipelineGroup> pipelines,
                                      const std::vector<int>& numbers) {
  for (PipelineGroup& pipeline : pipelines) {
    for (Stage& stage : pipeline.stages) {
      for (int& device : stage.devices) {
        device = numbers[static_cast<std::size_t>(device)];
      }
    }
  }
  return pipelines;
}

bool is_whole(const PipelineGroup& pipeline) {
  return std::all_of(pipeline.stages.begin(), pipeline.stages.end(), [](const Stage& stage) {
    return std::find(stage.devices.begin(), stage.devices.end(), kLostDevice) ==
           stage.devices.end();
  });
}

std::vector<PipelineGroup> whole_pipelines(std::vector<PipelineGroup> pipelines) {
  std::erase_if(pipelines, [](const PipelineGroup& pipeline) { return !is_whole(pipeline); });
  return pipelines;
}

void require_devices(const PlanningRequest& request) {
  if (request.cluster.num_devices() > 0) {
    return;
  }
  char gb[32];
  std::snprintf(gb, sizeof gb, "%.1f GB", copy_bytes(request.model) / kGiga);
  throw InfeasibleError("model " + request.model.name + ": no device of cluster " +
                        request.cluster.name() + " is left; its weights alone need " + gb);
}

/// Bytes that the devices of `pipeline` keep of what they held in `before`.
double kept_bytes(const ModelSpec& model,
                  const PipelineGroup& pipeline,
                  const PipelineGroup& before,
                  const Cluster& cluster) {
  const HeldShards held = held_shards(model, {before}, cluster.num_devices());
  const HeldShards wanted = held_shards(model, {pipeline}, cluster.num_devices());
  double bytes = 0;
  for (std::size_t device = 0; device < held.size(); ++device) {
    if (held[device] && wanted[device]) {
      bytes += shard_weight_bytes(model, common_part(*held[device], *wanted[device]));
    }
  }
  return bytes;
}

bool same_but_weight(const PipelineGroup& a, const PipelineGroup& b) {
  return a.name == b.name && a.stages == b.stages && a.max_batch == b.max_batch &&
         a.kv_capacity_tokens == b.kv_capacity_tokens;
}

/// Says what became of each pipeline, and names those that are not as before: a changed one has the
/// name of the one of which it keeps most, a new one a name that was not there.
class Naming {
 public:
  Naming(const ModelSpec& model, const Cluster& cluster, const std::vector<PipelineGroup>& before)
      : model_(model),
        cluster_(cluster),
        before_(before) {
    for (const PipelineGroup& pipeline : before) {
      names_.insert(pipeline.name);
    }
  }

  std::vector<PipelineChange> name(std::vector<PipelineGroup>& pipelines) {
    std::vector<PipelineChange> changes(pipelines.size());
    std::set<std::string> gone = names_;
    for (std::size_t p = 0; p < pipelines.size(); ++p) {
      if (std::any_of(before_.begin(), before_.end(), [&](const PipelineGroup& pipeline) {
            return same_but_weight(pipeline, pipelines[p]);
          })) {
        changes[p] = {.name = pipelines[p].name, .fate = PipelineFate::kKept};
        gone.erase(pipelines[p].name);
      }
    }
    for (std::size_t p = 0; p < pipelines.size(); ++p) {
      if (changes[p].name.empty()) {
        const std::string successor_of = heir(pipelines[p], gone);
        pipelines[p].name = successor_of.empty() ? new_name() : successor_of;
        changes[p] = {.name = pipelines[p].name,
                      .fate = successor_of.empty() ? PipelineFate::kNew : PipelineFate::kChanged};
        gone.erase(successor_of);
      }
    }
    for (const PipelineGroup& pipeline : before_) {
      if (gone.count(pipeline.name) > 0) {
        changes.push_back({.name = pipeline.name, .fate = PipelineFate::kDropped});
      }
    }
    return changes;
  }

 private:
  /// The pipeline among those gone of which `pipeline` keeps most; empty when it keeps nothing.
  std::string heir(const PipelineGroup& pipeline, const std::set<std::string>& gone) const {
    std::string name;
    double most_bytes = 0;
    for (const PipelineGroup& before : before_) {
      const double bytes =
          gone.count(before.name) > 0 ? kept_bytes(model_, pipeline, before, cluster_) : 0;
      if (bytes > most_bytes) {
        most_bytes = bytes;
        name = before.name;
      }
    }
    return name;
  }

  std::string new_name() {
    std::string name;
    for (int number = 0; name.empty() || !names_.insert(name).second; ++number) {
      name = "p" + std::to_string(number);
    }
    return name;
  }

  const ModelSpec& model_;
  const Cluster& cluster_;
  const std::vector<PipelineGroup>& before_;
  std::set<std::string> names_;
};

void add_bytes(const WeightTransfer& transfer,
               const std::vector<PipelineGroup>& pipelines,
               std::vector<PipelineChange>& changes) {
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    for (const Stage& stage : pipelines[p].stages) {
      for (const DeviceLoad& load : transfer.loads) {
        if (std::find(stage.devices.begin(), stage.devices.end(), load.device) !=
            stage.devices.end()) {
          changes[p].bytes += load.bytes;
        }
      }
    }
  }
}

/// The pipelines of `before` that are kept.
std::vector<PipelineGroup> kept_pipelines(std::vector<PipelineGroup> before,
                                          const std::vector<PipelineChange>& changes) {
  std::erase_if(before, [&](const PipelineGroup& pipeline) {
    return std::none_of(changes.begin(), changes.end(), [&](const PipelineChange& change) {
      return change.name == pipeline.name && change.fate == PipelineFate::kKept;
    });
  });
  return before;
}

}  // namespace

Replanned replan(const Plan& old,
                 const ClusterChange& change,
                 PlanningRequest request,
                 const ReplanSettings& settings,
                 const std::function<void(const GenerationReport&)>& on_generation,
                 const std::atomic<bool>& stop) {
  require_devices(request);
  const std::vector<PipelineGroup> before = renumbered(old.pipelines(), change.usable_of_old);
  request.running = whole_pipelines(before);
  const Planning planning(std::move(request));
  const ModelSpec& model = planning.request().model;
  const Cluster& cluster = planning.request().cluster;
  Replanned result;
  std::vector<PipelineGroup> pipelines = before;
  if (!change.nothing_changed()) {
    planning.require_room();
    const WarmSearch search(planning,
                            held_shards(model, before, cluster.num_devices()),
                            settings.score_per_copy / copy_bytes(model));
    const SearchResult found =
        search.run([&](const Individual& individual) { return search.fitness(individual); },
                   settings.search,
                   on_generation,
                   stop);
    const Plan best = search.plan(found.best.individual);
    planning.require_success(best);
    pipelines = best.pipelines();
    result.evaluations = found.evaluations;
  }
  result.changes = Naming(model, cluster, before).name(pipelines);
  result.plan = Plan(pipelines, model.num_layers, cluster.num_devices());
  result.interim =
      Plan(kept_pipelines(before, result.changes), model.num_layers, cluster.num_devices());
  result.transfer = weight_transfer(result.plan, model, cluster, before);
  add_bytes(result.transfer, pipelines, result.changes);
  return result;
}

Plan on_cluster(const Plan& plan, const ClusterChange& change, int num_layers) {
  return {renumbered(plan.pipelines(), change.device_of_usable),
          num_layers,
          change.cluster.num_devices()};
}

}  // namespace hexgen
