#include "planner/group_layout.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "planner/baselines.h"
#include "planner/stage_tables.h"
#include "tests/planner/layout_oracle.h"
#include "tests/support/clusters.h"

using namespace hexgen;

namespace {

constexpr double kNoCap = std::numeric_limits<double>::infinity();

/// Instances small enough for the oracle and mixed enough to matter: memory from "a layer or two"
/// to "everything", speeds within a factor of four, links from 10 Gb/s with 0.1 ms to NVLink.
class RandomInstance {
 public:
  explicit RandomInstance(std::uint64_t seed)
      : random_(seed) {
    model_ = test::round_model();
    model_.num_layers = pick(2, 6);
    std::vector<GpuType> types;
    for (int t = 0; t < 3; ++t) {
      GpuType gpu = test::round_gpu("gpu" + std::to_string(t), 0);
      gpu.memory_bytes = 40e6 + 20e6 * pick(0, 8);  // a layer takes 30 MB, the embedding 20 MB
      gpu.memory_bandwidth_bytes_per_s *= 0.25 * pick(1, 4);
      gpu.efficiency.layer_overhead_s = 5e-6 * pick(0, 4);
      gpu.efficiency.step_overhead_s = 50e-6 * pick(0, 2);
      types.push_back(gpu);
    }
    std::vector<LinkType> inside;
    for (int l = 0; l < 2; ++l) {
      inside.push_back(
          {.name = "inside" + std::to_string(l),
           .link = {.latency_s = 5e-6 * pick(1, 4), .bandwidth_bytes_per_s = 25e9 * pick(1, 8)},
           .all_reduce_latency_s = 5e-6 * pick(1, 4)});
    }
    std::vector<Node> nodes;
    int devices_left = pick(1, 6);
    while (devices_left > 0) {
      const int gpus = pick(1, devices_left);
      devices_left -= gpus;
      nodes.push_back({.name = "n" + std::to_string(nodes.size()),
                       .gpu_type = pick(0, 2),
                       .gpus = gpus,
                       .intra_link = pick(0, 1)});
      group_.push_back({.node = static_cast<int>(nodes.size()) - 1, .devices = gpus});
    }
    std::vector<Link> links(nodes.size() * nodes.size());
    for (Link& link : links) {
      link = {.latency_s = 1e-4 * pick(1, 5), .bandwidth_bytes_per_s = 1.25e9 * pick(1, 10)};
    }
    cluster_ = Cluster("random", types, inside, nodes, links);
    targets_.prompt_tokens = pick(1, 200);
    targets_.output_tokens = pick(1, 50);
    targets_.batch = pick(1, 4);
    targets_.iteration = decode_shape(pick(1, 8), 300);
    targets_.memory = {.reserve_bytes = 10e6, .activation_tokens = 64, .logit_rows = 4};
    min_kv_tokens_ = 1 + 3000 * pick(0, 2);
  }

  int pick(int from, int to) {
    return from + static_cast<int>(random_() % static_cast<std::uint64_t>(to - from + 1));
  }

  ModelSpec model_;
  Cluster cluster_;
  DeviceGroup group_;
  LayoutTargets targets_;
  std::int64_t min_kv_tokens_ = 1;

 private:
  std::mt19937_64 random_;
};

struct Tally {
  int feasible = 0;
  int infeasible = 0;
  int several_stages = 0;
};

void check_latency(const std::optional<Layout>& found, const std::optional<double>& expected_s) {
  REQUIRE(found.has_value() == expected_s.has_value());
  if (found) {
    CHECK(found->latency_s == doctest::Approx(*expected_s).epsilon(1e-9));
  }
}

void compare(RandomInstance& instance, Tally& tally) {
  const StageTables tables(instance.model_, instance.cluster_, instance.targets_);
  const LayoutProblem problem = tables.problem(instance.group_, instance.min_kv_tokens_);
  test::LayoutOracle oracle(
      instance.model_, instance.cluster_, instance.targets_, instance.min_kv_tokens_);
  const test::OracleBest best = oracle.best(instance.group_, kNoCap);
  const std::optional<Layout> fast = lowest_bottleneck_layout(problem);
  check_latency(lowest_latency_layout(problem), best.latency_s);
  REQUIRE(fast.has_value() == best.bottleneck_s.has_value());
  ++(fast ? tally.feasible : tally.infeasible);
  if (!fast) {
    return;
  }
  CHECK(fast->bottleneck_s == doctest::Approx(*best.bottleneck_s).epsilon(1e-9));
  for (const double slack : {1.0 + 1e-9, 1.3}) {
    const double cap_s = *best.bottleneck_s * slack;
    check_latency(lowest_latency_layout(problem, cap_s),
                  oracle.best(instance.group_, cap_s).latency_s);
  }
  tally.several_stages += lowest_latency_layout(problem)->stages.size() > 1 ? 1 : 0;
}

}  // namespace

TEST_CASE("the layouts of 400 random groups are the best of all layouts, or none exists") {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    RandomInstance instance(seed);
    compare(instance, tally);
  }
  // The draw must contain both kinds, and pipelines of several stages, to prove anything.
  CHECK(tally.infeasible > 40);
  CHECK(tally.feasible > 200);
  CHECK(tally.several_stages > 100);
}

TEST_CASE("layouts of 150 random groups with measured layers are the best of all layouts") {
  LayerProfile profile = read_layer_profile("tests/data/layer_profile/small.json");
  profile.model = test::round_model().name;
  Tally tally;
  for (std::uint64_t seed = 2001; seed <= 2150; ++seed) {
    CAPTURE(seed);
    RandomInstance instance(seed);
    for (const int tp_degree : {1, 2}) {
      profile.gpu_type = "gpu" + std::to_string(seed % 2);
      profile.tp_degree = tp_degree;
      instance.targets_.tables.add(profile);
    }
    compare(instance, tally);
  }
  CHECK(tally.several_stages > 30);
}

TEST_CASE("symmetric layouts of 150 random groups are the best of all symmetric layouts") {
  Tally tally;
  for (std::uint64_t seed = 1001; seed <= 1150; ++seed) {
    CAPTURE(seed);
    RandomInstance instance(seed);
    instance.targets_.symmetric = true;
    compare(instance, tally);
  }
  CHECK(tally.feasible > 60);
}

TEST_CASE("memory-proportional layers follow the room of the stages") {
  const auto option = [](int node, int tp_degree, double s_per_layer, int room) {
    StageOption each = {.node = node,
                        .tp_degree = tp_degree,
                        .latency_s_per_layer = s_per_layer,
                        .iteration_s_per_layer = 1.2 * s_per_layer};
    each.roles.fill({.max_layers = room});
    return each;
  };
  LayoutProblem problem = {
      .num_layers = 12,
      .devices = {2, 1},
      .options = {option(0, 1, 1, 5), option(0, 2, 0.5, 12), option(1, 1, 1, 6)},
      .handoff_s = std::vector<double>(9, 0.0),
      .return_s = std::vector<double>(9, 0.0),
      .same_as_previous = {false, false}};
  // Expectation, two devices together: room 12 + 6 for 12 layers, so 8 and 4: 8 * 0.5 + 4 = 8 s,
  // slowest 1.2 * max(4, 4) = 4.8 s. Each alone: 12 * (5, 5, 6) / 16 = 3.75, 3.75, 4.5: the two
  // layers that rounding leaves go to the first two, 4 each: 12 s, slowest 4.8 s.
  const std::vector<Layout> layouts = proportional_layouts(problem);
  REQUIRE(layouts.size() == 2);
  CHECK(layouts[0].stages == std::vector<StageChoice>{{1, 8}, {2, 4}});
  CHECK(layouts[0].latency_s == doctest::Approx(8));
  problem.options[1].iteration_s_per_layer = 1;
  // Now the pair's 8 layers set the pace, 8 s.
  CHECK(proportional_layouts(problem)[1].stages ==
        std::vector<StageChoice>{{0, 4}, {0, 4}, {2, 4}});
  problem.num_layers = 19;
  CHECK(proportional_layouts(problem).empty());
}
