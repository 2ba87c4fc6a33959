#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "runner/element_type.h"
#include "runner/tokenizer/tokenizer.h"
#include "runner/weights/weight_source.h"

namespace hexgen {

/// What a person asks to be run.
struct TargetOptions {
  std::string plan = "single";  // plan file; "single": one device with all layers
  std::string pipeline;         // of the plan; empty: all
  std::string model;            // folder; empty: the plan's model, with random weights
  bool random_weights = false;
  std::uint64_t seed = 1;  // of the random weights
};

/// A model on the devices of a plan.
struct RunTarget {
  ModelSpec model;
  Cluster cluster;
  Plan plan;                                 // with the pipelines that are to be run
  std::vector<PipelineGroup> all_pipelines;  // of the plan file
  std::unique_ptr<WeightSource> weights;
  ElementType weight_type = ElementType::kFloat32;  // of most weights; fp32: random ones too
  std::optional<Tokenizer> tokenizer;               // when the model's folder has a tokenizer.json
  std::string plan_sha256;  // these two: equal wherever the same is to be run
  std::string model_sha256;
};

/// Throws InputError for a plan that does not fit the model, a model that cannot be run, and for
/// random weights without any model.
RunTarget load_target(const TargetOptions& options);

/// Reads a model's config.json, and the end tokens that its generation_config.json overrides.
/// Throws InputError for what the cost models know and the runner does not: `config.json: RoPE
/// scaling "yarn" cannot be run, expected default, linear or llama3`.
ModelSpec read_runnable_model(const std::string& path_or_name);

}  // namespace hexgen
