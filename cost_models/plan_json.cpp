#include "cost_models/plan_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cost_models/request_report.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "profiles/model_config.h"
#include "profiles/sha256.h"

namespace hexgen {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kMostLayers = 10'000;
constexpr int kLargestBatch = 1'000'000;
constexpr std::int64_t kMostTokens = 1'000'000'000'000;
constexpr double kLargestNumber = 1e12;
const std::vector<std::string> kObjectives = {"attainment", "rate", "deadline", "cost"};

std::string read_sha256(const JsonReader& value) {
  const std::string text = value.string();
  const bool hexadecimal =
      text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hexadecimal) {
    value.fail(value.shown() + " is not a SHA-256 of 64 hexadecimal digits");
  }
  return text;
}

PlanProvenance read_provenance(const JsonReader& entry) {
  entry.allow_only({"tool", "commit", "seed", "inputs"});
  PlanProvenance provenance = {.tool = entry.at("tool").string(),
                               .commit = entry.at("commit").string(),
                               .seed = entry.at("seed").integer(0, kMostTokens)};
  for (const JsonReader& input : entry.at("inputs").items()) {
    input.allow_only({"role", "name", "sha256"});
    provenance.inputs.push_back({.role = input.at("role").string(),
                                 .name = input.at("name").string(),
                                 .sha256 = read_sha256(input.at("sha256"))});
  }
  return provenance;
}

/// Model and cluster that the pipelines refer to, and the devices named so far.
struct Surroundings {
  const ModelSpec& model;
  const Cluster& cluster;
  std::set<int> used_devices;
};

int read_device(const JsonReader& value, Surroundings& around) {
  const std::string name = value.string();
  int device = -1;
  try {
    device = around.cluster.device_id(name);
  } catch (const InputError&) {
    value.fail(value.shown() + " is not in the cluster, expected \"node:index\"");
  }
  if (!around.used_devices.insert(device).second) {
    value.fail(value.shown() + " is used twice");
  }
  return device;
}

Stage read_stage(const JsonReader& entry, Surroundings& around) {
  entry.allow_only({"first_layer", "num_layers", "devices", "shares"});
  Stage stage = {.first_layer = entry.at("first_layer").small_integer(0, kMostLayers),
                 .num_layers = entry.at("num_layers").small_integer(1, kMostLayers)};
  const JsonReader devices = entry.at("devices");
  for (const JsonReader& device : devices.items()) {
    stage.devices.push_back(read_device(device, around));
  }
  const int heads = around.model.num_heads;
  if (stage.tp_degree() > heads) {
    devices.fail(std::to_string(stage.tp_degree()) + " devices are more than the model's " +
                 std::to_string(heads) + " attention heads");
  }
  if (const auto shares = entry.find("shares")) {
    for (const JsonReader& share : shares->items()) {
      stage.shares.push_back(share.small_integer(1, kLargestShare));
    }
    if (stage.shares.size() != stage.devices.size()) {
      shares->fail(std::to_string(stage.shares.size()) + " shares, expected one for each of the " +
                   std::to_string(stage.devices.size()) + " devices");
    }
  }
  return stage;
}

PipelineGroup read_pipeline(const JsonReader& entry, Surroundings& around) {
  entry.allow_only({"name", "weight", "max_batch", "kv_capacity_tokens", "stages"});
  PipelineGroup pipeline = {
      .name = entry.at("name").string(),
      .weight = entry.at("weight").positive_number(kLargestNumber),
      .max_batch = entry.at("max_batch").small_integer(1, kLargestBatch),
      .kv_capacity_tokens = entry.at("kv_capacity_tokens").integer(1, kMostTokens)};
  for (const JsonReader& stage : entry.at("stages").items()) {
    pipeline.stages.push_back(read_stage(stage, around));
  }
  return pipeline;
}

Plan read_pipelines(const JsonReader& list, const ModelSpec& model, const Cluster& cluster) {
  Surroundings around = {.model = model, .cluster = cluster};
  std::vector<PipelineGroup> pipelines;
  for (const JsonReader& entry : list.items()) {
    PipelineGroup pipeline = read_pipeline(entry, around);
    const bool used = std::any_of(pipelines.begin(), pipelines.end(), [&](const auto& other) {
      return other.name == pipeline.name;
    });
    if (used) {
      entry.at("name").fail("\"" + pipeline.name + "\" is used twice");
    }
    pipelines.push_back(std::move(pipeline));
  }
  if (pipelines.empty()) {
    list.fail("is empty, expected at least one pipeline");
  }
  try {
    return {std::move(pipelines), model.num_layers, cluster.num_devices()};
  } catch (const InputError& error) {
    throw InputError(list.file() + ": " + error.what());
  }
}

/// Calls visit(key, member, highest value) for every number of a prediction.
template <typename Prediction, typename Visit>
void for_each_number(Prediction& predicted, Visit visit) {
  visit("slo_attainment", predicted.slo_attainment, 1.0);
  visit("goodput_per_s", predicted.goodput_per_s, kLargestNumber);
  visit("slo_scale", predicted.slo_scale, kLargestNumber);
  visit("upper_bound_per_s", predicted.upper_bound_per_s, kLargestNumber);
  visit("request_latency_s", predicted.request_latency_s, kLargestNumber);
  visit("price_per_hour", predicted.price_per_hour, kLargestNumber);
}

PlanPrediction read_prediction(const JsonReader& entry) {
  PlanPrediction predicted;
  std::vector<std::string> keys = {"objective"};
  for_each_number(predicted, [&](const char* key, std::optional<double>& target, double highest) {
    keys.emplace_back(key);
    if (const auto found = entry.find(key)) {
      target = found->number(0, highest);
    }
  });
  entry.allow_only(keys);
  if (const auto objective = entry.find("objective")) {
    predicted.objective = kObjectives[objective->one_of(kObjectives)];
  }
  return predicted;
}

ordered_json pipeline_to_json(const PipelineGroup& pipeline, const Cluster& cluster) {
  ordered_json stages = ordered_json::array();
  for (const Stage& stage : pipeline.stages) {
    ordered_json devices = ordered_json::array();
    for (const int device : stage.devices) {
      devices.push_back(cluster.device_name(device));
    }
    stages.push_back({{"first_layer", stage.first_layer},
                      {"num_layers", stage.num_layers},
                      {"devices", std::move(devices)}});
    if (!stage.shares.empty()) {
      stages.back()["shares"] = stage.shares;
    }
  }
  return {{"name", pipeline.name},
          {"weight", pipeline.weight},
          {"max_batch", pipeline.max_batch},
          {"kv_capacity_tokens", pipeline.kv_capacity_tokens},
          {"stages", std::move(stages)}};
}

ordered_json prediction_to_json(const PlanPrediction& predicted) {
  ordered_json entry = ordered_json::object();
  if (predicted.objective) {
    entry["objective"] = *predicted.objective;
  }
  for_each_number(predicted, [&](const char* key, const std::optional<double>& value, double) {
    if (value) {
      entry[key] = *value;
    }
  });
  return entry;
}

}  // namespace

PlanInput plan_input(const InputFile& file) {
  return {.role = file.role, .name = file.name, .sha256 = sha256_hex(file.text)};
}

PlanFile parse_plan(std::string_view text, const std::string& label) {
  const JsonDocument document = JsonDocument::parse(text, label);
  const JsonReader root = document.root();
  root.expect_format("hexgen.plan/1");
  root.allow_only({"format", "provenance", "model", "cluster", "pipelines", "predicted"});
  const JsonReader model = root.at("model");
  model.allow_only({"name", "config"});
  const JsonReader config = model.at("config");
  PlanFile file = {.provenance = read_provenance(root.at("provenance")),
                   .model = model_from_json(config, model.at("name").string()),
                   .model_config = config.value().dump(),
                   .cluster = cluster_from_json(root.at("cluster"), "cluster")};
  file.plan = read_pipelines(root.at("pipelines"), file.model, file.cluster);
  file.predicted = read_prediction(root.at("predicted"));
  return file;
}

PlanFile read_plan(const std::string& path) {
  return parse_plan(read_file(path), path);
}

std::string plan_to_text(const PlanFile& file) {
  ordered_json pipelines = ordered_json::array();
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    pipelines.push_back(pipeline_to_json(pipeline, file.cluster));
  }
  const ordered_json document = {
      {"format", "hexgen.plan/1"},
      {"provenance", provenance_to_json(file.provenance)},
      // Sorted keys: the order of a config.json means nothing, and does not survive reading.
      {"model", {{"name", file.model.name}, {"config", json::parse(file.model_config)}}},
      {"cluster", cluster_to_json(file.cluster)},
      {"pipelines", std::move(pipelines)},
      {"predicted", prediction_to_json(file.predicted)}};
  return document.dump(2) + "\n";
}

void write_plan(const std::string& path, const PlanFile& file) {
  write_file(path, plan_to_text(file));
}

}  // namespace hexgen
