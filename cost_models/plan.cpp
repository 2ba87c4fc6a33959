#include "cost_models/plan.h"

#include <algorithm>

#include "profiles/errors.h"

namespace hexgen {
namespace {

void check_layers(const PipelineGroup& pipeline, std::size_t p, int num_layers) {
  int next_layer = 0;
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    const Stage& stage = pipeline.stages[s];
    if (stage.first_layer != next_layer) {
      throw InputError(stage_path(p, s) + ".first_layer: " + std::to_string(stage.first_layer) +
                       " is not " + std::to_string(next_layer) +
                       (s == 0 ? ", the first layer" : ", where the stage before it ends"));
    }
    if (stage.num_layers < 1) {
      throw InputError(stage_path(p, s) + ".num_layers: " + std::to_string(stage.num_layers) +
                       " is less than 1");
    }
    next_layer += stage.num_layers;
  }
  if (next_layer != num_layers) {
    throw InputError("pipelines[" + std::to_string(p) + "].stages: cover " +
                     std::to_string(next_layer) + " layers, the model has " +
                     std::to_string(num_layers));
  }
}

void check_devices(const Stage& stage, const std::string& path, std::vector<bool>& used) {
  if (stage.devices.empty()) {
    throw InputError(path + ".devices: empty, expected at least one device");
  }
  for (std::size_t d = 0; d < stage.devices.size(); ++d) {
    const int id = stage.devices[d];
    const std::string where = path + ".devices[" + std::to_string(d) + "]";
    if (id < 0 || id >= static_cast<int>(used.size())) {
      throw InputError(where + ": device " + std::to_string(id) + " is not in the cluster");
    }
    if (used[static_cast<std::size_t>(id)]) {
      throw InputError(where + ": device " + std::to_string(id) + " is used twice");
    }
    used[static_cast<std::size_t>(id)] = true;
  }
}

void check_shares(const Stage& stage, const std::string& path) {
  if (!stage.shares.empty() && stage.shares.size() != stage.devices.size()) {
    throw InputError(path + ".shares: " + std::to_string(stage.shares.size()) +
                     " shares, expected one for each of the " +
                     std::to_string(stage.devices.size()) + " devices");
  }
  for (std::size_t d = 0; d < stage.shares.size(); ++d) {
    if (stage.shares[d] < 1 || stage.shares[d] > kLargestShare) {
      throw InputError(path + ".shares[" + std::to_string(d) +
                       "]: " + std::to_string(stage.shares[d]) + " is not in 1.." +
                       std::to_string(kLargestShare));
    }
  }
}

}  // namespace

Plan::Plan(std::vector<PipelineGroup> pipelines, int num_layers, int num_devices)
    : pipelines_(std::move(pipelines)) {
  std::vector<bool> used(static_cast<std::size_t>(num_devices), false);
  for (std::size_t p = 0; p < pipelines_.size(); ++p) {
    check_layers(pipelines_[p], p, num_layers);
    for (std::size_t s = 0; s < pipelines_[p].stages.size(); ++s) {
      check_devices(pipelines_[p].stages[s], stage_path(p, s), used);
      check_shares(pipelines_[p].stages[s], stage_path(p, s));
    }
  }
}

bool Plan::asymmetric() const {
  return std::any_of(pipelines_.begin(), pipelines_.end(), [](const PipelineGroup& pipeline) {
    return std::any_of(pipeline.stages.begin(), pipeline.stages.end(), [&](const Stage& stage) {
      const Stage& first = pipeline.stages.front();
      return stage.tp_degree() != first.tp_degree() || stage.num_layers != first.num_layers;
    });
  });
}

std::string stage_path(std::size_t pipeline, std::size_t stage) {
  return "pipelines[" + std::to_string(pipeline) + "].stages[" + std::to_string(stage) + "]";
}

}  // namespace hexgen
