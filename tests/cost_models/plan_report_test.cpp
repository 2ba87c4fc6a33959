#include "cost_models/plan_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "cost_models/memory.h"
#include "cost_models/plan_check.h"
#include "cost_models/text_table.h"
#include "profiles/apply_profile.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"
#include "tests/support/golden.h"
#include "tests/support/synthetic_profile.h"

using namespace hexgen;
using test::round_cluster;
using test::round_gpu;
using test::round_model;

namespace {

/// Two pipelines on three nodes.
PlanFile small_plan() {
  PlanFile file = {.provenance = {.tool = "hexgen-plan 0.1.0", .commit = "0123456789ab", .seed = 7},
                   .model = round_model(),
                   .model_config = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 1000,
        "intermediate_size": 4000, "num_hidden_layers": 8, "num_attention_heads": 10,
        "num_key_value_heads": 5, "vocab_size": 10000, "hidden_act": "silu"})",
                   .cluster = round_cluster({round_gpu("large", 1.9), round_gpu("small", 1.6)},
                                            {{0, 4}, {1, 1}, {1, 1}})};
  std::vector<PipelineGroup> pipelines = {
      {.name = "p0",
       .weight = 3,
       .stages = {{.first_layer = 0, .num_layers = 5, .devices = {0, 1, 2}},
                  {.first_layer = 5, .num_layers = 3, .devices = {4}}}},
      {.name = "p1", .weight = 1, .stages = {{.first_layer = 0, .num_layers = 8, .devices = {3}}}}};
  for (PipelineGroup& pipeline : pipelines) {
    finish_pipeline(pipeline, file.model, file.cluster, 5000);
  }
  file.plan = Plan(std::move(pipelines), 8, file.cluster.num_devices());
  file.predicted = {.objective = "rate", .slo_attainment = 0.993, .goodput_per_s = 12.5};
  return file;
}

std::string described(const PlanFile& file, const SampleRequest& request) {
  std::ostringstream out;
  describe_plan(file, request, out);
  return out.str();
}

}  // namespace

TEST_CASE("the description of a plan is the reviewed one") {
  test::check_golden("plan_report.txt",
                     described(small_plan(), {.prompt_tokens = 1000, .output_tokens = 100}));
}

TEST_CASE("a description says which numbers were measured, and between which nodes") {
  PlanFile file = small_plan();
  MeasuredProfile profile = test::complete_profile("large");
  test::add_hosts(profile, "n0", "n1");
  file.cluster = apply_profile(file.cluster, profile, Catalogue({}, {}), "p.json");
  const std::string text = described(file, {});
  const auto says = [&](const char* part) { return text.find(part) != std::string::npos; };
  CHECK(says("prefill attention        measured, interpolated"));
  CHECK(says("norms, RoPE, activation  measured, interpolated"));
  CHECK(says("a step besides           50.0 us, fitted to a profile"));
  CHECK(says("Links between nodes: measured between n0 and n1, else as the cluster file says."));
}

TEST_CASE("no line of a description is wider than 120 columns") {
  std::istringstream lines(described(small_plan(), {}));
  for (std::string line; std::getline(lines, line);) {
    const auto code_points =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    CHECK(code_points <= 120);
  }
}

TEST_CASE("the gap of a plan is what its goodput lacks to the upper bound") {
  PlanFile file = small_plan();
  CHECK_FALSE(gap_to_bound(file.predicted));
  file.predicted.goodput_per_s = 12.5;
  file.predicted.upper_bound_per_s = 20;
  CHECK(*gap_to_bound(file.predicted) == doctest::Approx(0.375));
  CHECK(described(file, {}).find("20.00 requests/s upper bound, 37.5 % gap to it.") !=
        std::string::npos);
  file.predicted.goodput_per_s.reset();
  CHECK_FALSE(gap_to_bound(file.predicted));
}

TEST_CASE("a stage that no longer fits is marked") {
  PlanFile file = small_plan();
  std::vector<PipelineGroup> pipelines = file.plan.pipelines();
  pipelines[1].kv_capacity_tokens *= 2;
  file.plan = Plan(pipelines, 8, file.cluster.num_devices());
  CHECK(described(file, {}).find("◀ does not fit") != std::string::npos);
}

TEST_CASE("a plan is checked for the KV cache that its pipelines claim") {
  PlanFile file = small_plan();
  CHECK_NOTHROW(check_plan(file));
  std::vector<PipelineGroup> pipelines = file.plan.pipelines();
  pipelines[1].kv_capacity_tokens += 1;
  file.plan = Plan(pipelines, 8, file.cluster.num_devices());
  CHECK_THROWS_AS(check_plan(file), InfeasibleError);
}

TEST_CASE("a plan moves to another cluster by the names of its devices") {
  // The same names in another order: n1 comes first, n0 second.
  const Cluster same = small_plan().cluster;
  std::vector<Node> nodes = {same.nodes()[1], same.nodes()[0], same.nodes()[2]};
  const Cluster other("other",
                      same.gpu_types(),
                      same.link_types(),
                      nodes,
                      std::vector<Link>(9, {.latency_s = 1, .bandwidth_bytes_per_s = 1}));
  const PlanFile moved = with_cluster(small_plan(), other);
  CHECK(moved.plan.pipelines()[0].stages[0].devices == std::vector<int>{1, 2, 3});
  CHECK(moved.plan.pipelines()[0].stages[1].devices == std::vector<int>{0});
}

TEST_CASE("a cluster without a device of the plan is refused by its name") {
  const Cluster smaller = round_cluster({round_gpu("large", 1.9)}, {{0, 4}});
  CHECK_THROWS_WITH_AS(with_cluster(small_plan(), smaller),
                       "pipelines[0].stages[1].devices: \"n1:0\" is not in cluster round",
                       InputError);
}

TEST_CASE("a model with other layers than the plan is refused") {
  const InputFile model = {.role = "model",
                           .name = "nine",
                           .label = "nine.json",
                           .text = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 1000,
        "intermediate_size": 4000, "num_hidden_layers": 9, "num_attention_heads": 10,
        "num_key_value_heads": 5, "vocab_size": 10000, "hidden_act": "silu"})"};
  CHECK_THROWS_WITH_AS(with_model(small_plan(), model),
                       "pipelines[0].stages: cover 8 layers, the model has 9",
                       InputError);
}

TEST_CASE("a check reports what every pipeline claims and could hold") {
  std::ostringstream out;
  report_check(small_plan(), out);
  // p1: 8 layers of 30.004 MB, both tables of 20 MB and a norm: 280.034 MB; reserve 0.75 GB;
  // activations 2048 * (2000 + 12,000) * 2 B + 64 * 10,000 * 4 B = 59.904 MB; 810.062 MB remain of
  // 1.9 GB for 16 kB a token.
  CHECK(out.str().find("p1: fits, 8 layers, stages 1, GPUs 1, KV for 50,628 of 50,628 tokens") !=
        std::string::npos);
}

TEST_CASE("a table gives every column the width of its widest cell") {
  TextTable table({{"name", TextTable::Align::kLeft}, {"n"}});
  table.add_row({"→", "1"});
  table.add_row({"longer", "12345"});
  std::ostringstream out;
  table.print(out, " ");
  CHECK(out.str() ==
        " name        n\n"
        " ──────  ─────\n"
        " →           1\n"
        " longer  12345\n");
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(1000) == "1,000");
  CHECK(with_thousands(-1234567) == "-1,234,567");
}
