#include <doctest/doctest.h>

#include <string>

#include "planner/group_layout.h"
#include "planner/stage_tables.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"

using namespace hexgen;

namespace {

struct CaseStudy {
  ModelSpec model = read_model("llama-2-70b");
  Cluster cluster = read_cluster("case-study");
  LayoutTargets targets = {.prompt_tokens = 128, .output_tokens = 64};
  DeviceGroup everything = {
      {.node = 0, .devices = 4}, {.node = 1, .devices = 2}, {.node = 2, .devices = 2}};
};

}  // namespace

TEST_CASE("the front runs from the lowest latency to the lowest bottleneck without domination") {
  const CaseStudy study;
  const StageTables tables(study.model, study.cluster, study.targets);
  const LayoutProblem problem = tables.problem(study.everything, 192);
  const std::vector<Layout> front = layout_front(problem, 6);
  REQUIRE(front.size() > 2);
  CHECK(front.front().latency_s ==
        doctest::Approx(lowest_latency_layout(problem)->latency_s).epsilon(1e-12));
  CHECK(front.back().bottleneck_s ==
        doctest::Approx(lowest_bottleneck_layout(problem)->bottleneck_s).epsilon(1e-12));
  for (std::size_t i = 1; i < front.size(); ++i) {
    CHECK(front[i].latency_s > front[i - 1].latency_s);
    CHECK(front[i].bottleneck_s < front[i - 1].bottleneck_s);
  }
}

/// What check_memory() says about one pipeline over all devices of the case study.
std::string refusal(const CaseStudy& study, const PipelineGroup& pipeline) {
  try {
    check_memory(Plan({pipeline}, 80, 8), study.model, study.cluster, 192);
  } catch (const InfeasibleError& error) {
    return error.what();
  }
  return "fits";
}

TEST_CASE("the case study's equal layers do not fit: TP 8 and PP 8 miss memory on an RTX A4000") {
  const CaseStudy study;
  PipelineGroup tp8 = {.stages = {{.first_layer = 0, .num_layers = 80}}};
  PipelineGroup pp8;
  for (int device = 0; device < 8; ++device) {
    tp8.stages[0].devices.push_back(device);
    pp8.stages.push_back({.first_layer = 10 * device, .num_layers = 10, .devices = {device}});
  }
  // Expectation: 80 layers of 855.6 M parameters in fp16 are 136.9 GB, an eighth of it 17.1 GB
  // (embedding and LM head come on top); the card has 16 GiB = 17.2 GB and needs room to work in.
  for (const std::string& message : {refusal(study, tp8), refusal(study, pp8)}) {
    CAPTURE(message);
    CHECK(message.find("RTX-A4000") != std::string::npos);
    CHECK(message.find("weights 17.") != std::string::npos);
    CHECK(message.find("GB are missing") != std::string::npos);
  }
}

TEST_CASE("the paper's layers 48/20/12 on TP 4/2/2 are one of the layouts") {
  const CaseStudy study;
  const StageTables tables(study.model, study.cluster, study.targets);
  const LayoutProblem problem = tables.problem(study.everything, 192);
  const auto option = [&](int node, int tp_degree) {
    for (int o = 0; o < static_cast<int>(problem.options.size()); ++o) {
      if (problem.option(o).node == node && problem.option(o).tp_degree == tp_degree) {
        return o;
      }
    }
    return -1;
  };
  const std::vector<StageChoice> paper = {{.option = option(0, 4), .num_layers = 48},
                                          {.option = option(1, 2), .num_layers = 20},
                                          {.option = option(2, 2), .num_layers = 12}};
  for (std::size_t s = 0; s < paper.size(); ++s) {
    CHECK(paper[s].num_layers <=
          problem.option(paper[s].option).role(stage_role(s, paper.size())).max_layers);
  }
  CHECK(lowest_latency_layout(problem)->latency_s <= price_layout(problem, paper).latency_s);
}

TEST_CASE("groups of 12 devices on three nodes are solved exactly, larger ones under a rule") {
  const ModelSpec model = read_model("llama-2-70b");
  const Cluster cluster = read_cluster("hexgen-full");
  const StageTables tables(model, cluster, {});
  const DeviceGroup twelve = {
      {.node = 0, .devices = 4}, {.node = 1, .devices = 4}, {.node = 4, .devices = 4}};
  CHECK(lowest_latency_layout(tables.problem(twelve, 192)));
  DeviceGroup everything;
  for (int n = 0; n < cluster.num_nodes(); ++n) {
    everything.push_back({.node = n, .devices = cluster.nodes()[static_cast<std::size_t>(n)].gpus});
  }
  CHECK(lowest_latency_layout(tables.problem(everything, 192)));
}
