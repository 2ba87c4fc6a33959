#include "cost_models/plan_check.h"

#include <map>
#include <ostream>

#include "cost_models/memory.h"
#include "cost_models/text_table.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"

namespace hexgen {
namespace {

int device_on(const Cluster& cluster, const std::string& name, std::size_t p, std::size_t s) {
  try {
    return cluster.device_id(name);
  } catch (const InputError&) {
    throw InputError(stage_path(p, s) + ".devices: \"" + name + "\" is not in cluster " +
                     cluster.name());
  }
}

}  // namespace

PlanFile with_cluster(PlanFile file, const Cluster& cluster) {
  std::vector<PipelineGroup> pipelines = file.plan.pipelines();
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    for (std::size_t s = 0; s < pipelines[p].stages.size(); ++s) {
      for (int& device : pipelines[p].stages[s].devices) {
        device = device_on(cluster, file.cluster.device_name(device), p, s);
      }
    }
  }
  file.plan = Plan(std::move(pipelines), file.model.num_layers, cluster.num_devices());
  file.cluster = cluster;
  return file;
}

PlanFile with_model(PlanFile file, const InputFile& model) {
  file.model = parse_model(model);
  file.model_config = model.text;
  file.plan = Plan(file.plan.pipelines(), file.model.num_layers, file.cluster.num_devices());
  return file;
}

void check_plan(const PlanFile& file) {
  const std::vector<PipelineGroup>& pipelines = file.plan.pipelines();
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    check_pipeline_memory(
        pipelines[p], p, file.model, file.cluster, pipelines[p].kv_capacity_tokens);
  }
}

void check_disjoint(const std::vector<PlanFile>& files, const std::vector<std::string>& labels) {
  std::map<std::string, std::size_t> user;  // [device name]: plan
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::vector<PipelineGroup>& pipelines = files[i].plan.pipelines();
    for (std::size_t p = 0; p < pipelines.size(); ++p) {
      for (std::size_t s = 0; s < pipelines[p].stages.size(); ++s) {
        for (const int device : pipelines[p].stages[s].devices) {
          const std::string name = files[i].cluster.device_name(device);
          const auto [known, added] = user.emplace(name, i);
          if (!added) {
            throw InputError(labels[i] + ": " + stage_path(p, s) + ".devices: \"" + name +
                             "\" is used by " + labels[known->second] + " too");
          }
        }
      }
    }
  }
}

void report_check(const PlanFile& file, std::ostream& out) {
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    std::size_t devices = 0;
    for (const Stage& stage : pipeline.stages) {
      devices += stage.devices.size();
    }
    const std::int64_t room =
        kv_capacity_tokens(pipeline_memory(file.model, file.cluster, pipeline));
    out << pipeline.name << ": fits, " << file.model.num_layers << " layers, stages "
        << pipeline.stages.size() << ", GPUs " << devices << ", KV for "
        << with_thousands(pipeline.kv_capacity_tokens) << " of " << with_thousands(room)
        << " tokens\n";
  }
}

}  // namespace hexgen
