#include "cost_models/plan_json.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "profiles/errors.h"
#include "profiles/file.h"

using namespace hexgen;

namespace {

const std::string kGood = "tests/data/plan/two_pipelines.json";
const std::string kBad = "tests/data/bad/plan/";

/// What is said about each file of the folder, after its name.
const std::map<std::string, std::string> kComplaints = {
    {"attainment_above_one", "predicted.slo_attainment: 99.3 is more than 1"},
    {"cluster_names_unknown_gpu",
     "cluster.nodes[1].gpu_type: \"RTX-A400\" is no known GPU type, did you mean 'RTX-A4000'?"},
    {"device_in_two_pipelines", "pipelines[1].stages[0].devices[0]: \"a:1\" is used twice"},
    {"device_index_beyond_node",
     "pipelines[0].stages[1].devices[0]: \"b:2\" is not in the cluster, expected \"node:index\""},
    {"device_is_a_number", "pipelines[0].stages[1].devices[0]: 4 is not a string"},
    {"device_of_unknown_node",
     "pipelines[0].stages[1].devices[0]: \"c:0\" is not in the cluster, expected \"node:index\""},
    {"device_twice_in_a_stage", "pipelines[0].stages[0].devices[1]: \"a:0\" is used twice"},
    {"empty", "is empty, expected a JSON document"},
    {"first_stage_starts_late", "pipelines[1].stages[0].first_layer: 1 is not 0, the first layer"},
    {"key_missing", "pipelines[0].stages[0]: key 'num_layers' is missing"},
    {"kv_capacity_zero", "pipelines[0].kv_capacity_tokens: 0 is less than 1"},
    {"layers_beyond_the_model", "pipelines[0].stages: cover 9 layers, the model has 8"},
    {"layers_missing_at_the_end", "pipelines[0].stages: cover 7 layers, the model has 8"},
    {"max_batch_fraction", "pipelines[0].max_batch: 2.5 is not a whole number"},
    {"max_batch_zero", "pipelines[0].max_batch: 0 is less than 1"},
    {"misspelt_key",
     "pipelines[0].kv_capacity_token: unknown key, did you mean 'kv_capacity_tokens'?"},
    {"model_without_layers", "model.config: key 'num_hidden_layers' is missing"},
    {"more_devices_than_heads",
     "pipelines[0].stages[0].devices: 5 devices are more than the model's 4 attention heads"},
    {"no_pipelines", "pipelines: is empty, expected at least one pipeline"},
    {"pipeline_name_twice", "pipelines[1].name: \"p0\" is used twice"},
    {"seed_twice", "provenance: key \"seed\" appears twice"},
    {"sha256_too_short",
     "provenance.inputs[0].sha256: \"abc123\" is not a SHA-256 of 64 hexadecimal digits"},
    {"share_missing",
     "pipelines[0].stages[0].shares: 1 shares, expected one for each of the 2 devices"},
    {"share_zero", "pipelines[0].stages[0].shares[1]: 0 is less than 1"},
    {"stage_without_devices",
     "pipelines[0].stages[1].devices: empty, expected at least one device"},
    {"stage_without_layers", "pipelines[0].stages[0].num_layers: 0 is less than 1"},
    {"stages_leave_a_gap",
     "pipelines[0].stages[1].first_layer: 6 is not 5, where the stage before it ends"},
    {"stages_overlap",
     "pipelines[0].stages[1].first_layer: 4 is not 5, where the stage before it ends"},
    {"truncated",
     "line 7, column 32: syntax error while parsing object key - invalid string: missing closing "
     "quote; last read: '\"'; expected string literal"},
    {"unknown_objective", "predicted.objective: \"rates\" is not known, did you mean 'rate'?"},
    {"unknown_prediction",
     "predicted.goodput: unknown key, expected one of objective, slo_attainment, goodput_per_s, "
     "slo_scale, upper_bound_per_s, request_latency_s, price_per_hour"},
    {"weight_negative", "pipelines[1].weight: -0.5 is not more than 0"},
    {"weight_zero", "pipelines[1].weight: 0 is not more than 0"},
    {"wrong_format", "format: \"hexgen.plan/2\" is not \"hexgen.plan/1\""}};

std::string complaint(const std::string& path) {
  try {
    read_plan(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no complaint";
}

}  // namespace

TEST_CASE("a plan file brings its model, its cluster and its pipelines") {
  const PlanFile file = read_plan(kGood);
  CHECK(file.model.num_layers == 8);
  CHECK(file.model.name == "small");
  CHECK(file.cluster.num_devices() == 6);
  const std::vector<PipelineGroup>& pipelines = file.plan.pipelines();
  REQUIRE(pipelines.size() == 2);
  CHECK(pipelines[0] == PipelineGroup{.name = "p0",
                                      .weight = 2,
                                      .max_batch = 16,
                                      .kv_capacity_tokens = 100000,
                                      .stages = {{0, 5, {0, 1}}, {5, 3, {4}}}});
  CHECK(pipelines[1].stages[0].devices == std::vector<int>{2});
  CHECK(file.provenance.tool == "hexgen-plan 0.1.0");
  CHECK(file.provenance.inputs[0].role == "cluster");
  CHECK(file.predicted.objective == "attainment");
  CHECK(file.predicted.slo_attainment == 0.99);
  CHECK_FALSE(file.predicted.goodput_per_s.has_value());
}

TEST_CASE("a written plan reads back the same, with the GPU types it was made for") {
  const PlanFile file = read_plan(kGood);
  const std::string text = plan_to_text(file);
  const PlanFile again = parse_plan(text, "again");
  CHECK(again.plan == file.plan);
  CHECK(again.provenance == file.provenance);
  CHECK(again.predicted == file.predicted);
  CHECK(again.cluster.gpu_of(4).memory_bytes == file.cluster.gpu_of(4).memory_bytes);
  CHECK(again.cluster.gpu_of(4).efficiency.memory_fraction ==
        file.cluster.gpu_of(4).efficiency.memory_fraction);
  CHECK(again.cluster.link(0, 4) == file.cluster.link(0, 4));
}

TEST_CASE("writing what was read gives the same bytes") {
  const std::string text = plan_to_text(read_plan(kGood));
  CHECK(plan_to_text(parse_plan(text, "again")) == text);
}

TEST_CASE("uneven shares of a stage are read, written and left out where there are none") {
  const PlanFile file = read_plan("tests/data/plan/uneven_shares.json");
  CHECK(file.plan.pipelines()[0].stages[0].shares == std::vector<int>{3, 2});
  CHECK(file.plan.pipelines()[0].stages[1].shares.empty());
  CHECK(parse_plan(plan_to_text(file), "again").plan == file.plan);
  CHECK(plan_to_text(read_plan(kGood)).find("shares") == std::string::npos);
}

TEST_CASE("a plan written to a file is what read_plan finds") {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "hexgen_plan_json_test.json";
  const PlanFile file = read_plan(kGood);
  write_plan(path.string(), file);
  CHECK(read_file(path.string()) == plan_to_text(file));
  std::filesystem::remove(path);
}

TEST_CASE("an input of a plan is known by its SHA-256") {
  // FIPS 180-4, example of one block.
  const PlanInput input = plan_input({.role = "cluster", .name = "c", .label = "c", .text = "abc"});
  CHECK(input.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("every broken plan is refused with one line naming file, path, value and expectation") {
  for (const auto& [name, expected] : kComplaints) {
    const std::string path = kBad + name + ".json";
    CHECK(complaint(path) == path + ": " + expected);
  }
}

TEST_CASE("every broken plan in the folder has its expected message") {
  for (const auto& entry : std::filesystem::directory_iterator(kBad)) {
    const std::string name = entry.path().stem().string();
    CHECK_MESSAGE(kComplaints.count(name) == 1, name);
  }
}
