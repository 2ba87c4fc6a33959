#include "runner/cli/run_target.h"

#include <filesystem>
#include <set>

#include "cost_models/device_shard.h"
#include "cost_models/plan_json.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "profiles/model_config.h"
#include "profiles/names.h"
#include "profiles/sha256.h"
#include "runner/weights/checkpoint.h"
#include "runner/weights/random_weights.h"

namespace hexgen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "single";
constexpr int kMostRequests = 256;  // in flight on a single device

void check_runnable(const ModelSpec& model, const std::string& label) {
  const std::string& type = model.rope_scaling.type;
  if (type != "default" && type != "linear" && type != "llama3") {
    throw InputError(label + ": RoPE scaling \"" + type +
                     "\" cannot be run, expected default, linear or llama3");
  }
  if (model.head_dim % 2 != 0) {
    throw InputError(label + ": head_dim " + std::to_string(model.head_dim) +
                     " is odd, RoPE needs pairs");
  }
}

/// One device that holds the whole model.
void place_on_one_device(RunTarget& target) {
  const GpuType device = {.name = "host"};
  const Node node = {.name = "local", .region = "here", .gpus = 1};
  target.cluster = Cluster("single", {device}, {LinkType{}}, {node}, {Link{}});
  const Stage stage = {.first_layer = 0, .num_layers = target.model.num_layers, .devices = {0}};
  target.plan = Plan({{.name = "single", .max_batch = kMostRequests, .stages = {stage}}},
                     target.model.num_layers,
                     target.cluster.num_devices());
  target.all_pipelines = target.plan.pipelines();
}

std::vector<PipelineGroup> chosen_pipelines(const Plan& plan, const std::string& name) {
  if (name.empty()) {
    return plan.pipelines();
  }
  std::vector<std::string> names;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    if (pipeline.name == name) {
      return {pipeline};
    }
    names.push_back(pipeline.name);
  }
  throw InputError("no pipeline '" + name + "', " + advice(name, names));
}

void place_by_plan(const PlanFile& file, const TargetOptions& options, RunTarget& target) {
  target.cluster = file.cluster;
  target.all_pipelines = file.plan.pipelines();
  try {
    target.plan = Plan(chosen_pipelines(file.plan, options.pipeline),
                       target.model.num_layers,
                       target.cluster.num_devices());
    for (const PipelineGroup& pipeline : target.plan.pipelines()) {
      for (const Stage& stage : pipeline.stages) {
        make_shard(target.model, stage, {}, 0);
      }
    }
  } catch (const InputError& error) {
    throw InputError(options.plan + ": " + error.what());
  }
  target.plan_sha256 = sha256_hex(options.pipeline + '\n' + plan_to_text(file));
}

/// Names and sizes of a checkpoint's files, which tell most checkpoints apart without being read.
std::string list_of_files(const fs::path& folder) {
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") {
      files.insert(entry.path().filename().string() + ' ' + std::to_string(entry.file_size()));
    }
  }
  return join({files.begin(), files.end()});
}

/// Tells models apart by their shape and where their weights come from.
std::string fingerprint(const TargetOptions& options) {
  std::string text = options.random_weights ? "seed " + std::to_string(options.seed) : "";
  if (fs::is_directory(options.model)) {
    text += read_file((fs::path(options.model) / "config.json").string());
    text += list_of_files(options.model);
  } else {
    text += options.model;
  }
  return sha256_hex(text);
}

void load_weights(const TargetOptions& options, RunTarget& target) {
  if (options.random_weights) {
    target.weights = std::make_unique<RandomWeights>(options.seed);
  } else {
    auto checkpoint = std::make_unique<Checkpoint>(options.model);
    target.weight_type = checkpoint->most_common_type();
    target.weights = std::move(checkpoint);
  }
  const fs::path tokenizer = fs::path(options.model) / "tokenizer.json";
  if (!options.model.empty() && fs::exists(tokenizer)) {
    target.tokenizer = Tokenizer::from_file(tokenizer.string());
  }
}

}  // namespace

ModelSpec read_runnable_model(const std::string& path_or_name) {
  ModelSpec model = read_model(path_or_name);
  check_runnable(model, path_or_name);
  const std::string generation = (fs::path(path_or_name) / "generation_config.json").string();
  if (fs::is_directory(path_or_name) && fs::exists(generation)) {
    const JsonDocument document = JsonDocument::parse(read_file(generation), generation);
    const std::vector<int> tokens = end_tokens_from_json(document.root(), model.vocab_size);
    if (!tokens.empty()) {
      model.eos_token_ids = tokens;
    }
  }
  return model;
}

RunTarget load_target(const TargetOptions& options) {
  if (options.model.empty() && (options.plan == kSingle || !options.random_weights)) {
    throw InputError("--model: is missing, expected a model folder" +
                     std::string(options.plan == kSingle ? "" : " or --random-weights"));
  }
  RunTarget target;
  if (!options.model.empty()) {
    target.model = read_runnable_model(options.model);
  }
  if (options.plan == kSingle) {
    place_on_one_device(target);
  } else {
    const PlanFile file = read_plan(options.plan);
    if (options.model.empty()) {
      check_runnable(file.model, options.plan);
      target.model = file.model;
    }
    place_by_plan(file, options, target);
  }
  load_weights(options, target);
  target.model_sha256 = fingerprint(options);
  return target;
}

}  // namespace hexgen
