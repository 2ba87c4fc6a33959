#include "planner/weight_transfer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "planner/assignment.h"
#include "planner/near_weights.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;

namespace {

/// Four devices, then two, then one.
Cluster three_nodes() {
  return test::round_cluster({test::round_gpu("gpu", 48)}, {{0, 4}, {0, 2}, {0, 1}});
}

PipelineGroup pipeline(std::string name, std::vector<Stage> stages) {
  return {.name = std::move(name), .stages = std::move(stages)};
}

/// n0: layers 0-4 on two devices and 5-7 on a third, the fourth is idle; n1: all layers on both.
std::vector<PipelineGroup> before() {
  return {pipeline("a",
                   {{.first_layer = 0, .num_layers = 5, .devices = {0, 1}},
                    {.first_layer = 5, .num_layers = 3, .devices = {2}}}),
          pipeline("b", {{.first_layer = 0, .num_layers = 8, .devices = {4, 5}}})};
}

/// Where the items of the round model are cut for 1 to 3 devices, worked out by hand.
const std::map<int, std::vector<int>> kKvHeadCuts = {
    {1, {0, 5}}, {2, {0, 3, 5}}, {3, {0, 2, 4, 5}}};
const std::map<int, std::vector<int>> kColumnCuts = {
    {1, {0, 4000}}, {2, {0, 2000, 4000}}, {3, {0, 1334, 2667, 4000}}};
const std::map<int, std::vector<int>> kRowCuts = {
    {1, {0, 10000}}, {2, {0, 5000, 10000}}, {3, {0, 3334, 6667, 10000}}};

/// Everything that one device holds, item by item.
class Inventory {
 public:
  Inventory(const std::vector<PipelineGroup>& pipelines, int device) {
    for (const PipelineGroup& pipeline : pipelines) {
      for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
        const auto& devices = pipeline.stages[s].devices;
        for (std::size_t rank = 0; rank < devices.size(); ++rank) {
          if (devices[rank] == device) {
            add(pipeline.stages[s], rank, s == 0, s + 1 == pipeline.stages.size());
          }
        }
      }
    }
  }

  double bytes_missing_in(const Inventory& held) const {
    double bytes = 0;
    for (const auto& [item, parameters] : parameters_) {
      bytes += held.parameters_.count(item) > 0 ? 0 : 2.0 * parameters;
    }
    return bytes;
  }

 private:
  void add(const Stage& stage, std::size_t rank, bool first, bool last) {
    constexpr int kHidden = 1000;
    const int tp = stage.tp_degree();
    const auto each =
        [&](const char* what, const std::vector<int>& cuts, int layer, int parameters) {
          for (int i = cuts[rank]; i < cuts[rank + 1]; ++i) {
            parameters_[{what, layer, i}] = parameters;
          }
        };
    for (int l = stage.first_layer; l < stage.first_layer + stage.num_layers; ++l) {
      each("kv head and its two query heads", kKvHeadCuts.at(tp), l, 6 * kHidden * 100);
      each("ffn column", kColumnCuts.at(tp), l, 3 * kHidden);
      parameters_[{"norms", l, 0}] = 2 * kHidden;
    }
    if (first) {
      each("embedding", kRowCuts.at(tp), 0, kHidden);
    }
    if (last) {
      each("lm head", kRowCuts.at(tp), 0, kHidden);
      parameters_[{"final norm", 0, 0}] = kHidden;
    }
  }

  std::map<std::tuple<std::string, int, int>, int> parameters_;
};

double counted_bytes(const std::vector<PipelineGroup>& after) {
  double bytes = 0;
  for (int device = 0; device < three_nodes().num_devices(); ++device) {
    bytes += Inventory(after, device).bytes_missing_in(Inventory(before(), device));
  }
  return bytes;
}

std::vector<std::vector<PipelineGroup>> plans() {
  return {before(),
          {pipeline("moved layers",
                    {{.first_layer = 0, .num_layers = 4, .devices = {0, 1}},
                     {.first_layer = 4, .num_layers = 4, .devices = {2}}})},
          {pipeline("wider",
                    {{.first_layer = 0, .num_layers = 6, .devices = {2, 0, 1}},
                     {.first_layer = 6, .num_layers = 2, .devices = {3}}})},
          {pipeline("narrower", {{.first_layer = 0, .num_layers = 8, .devices = {4}}}),
           pipeline("alone", {{.first_layer = 0, .num_layers = 8, .devices = {6}}})},
          {pipeline("across",
                    {{.first_layer = 0, .num_layers = 3, .devices = {5, 4}},
                     {.first_layer = 3, .num_layers = 2, .devices = {1, 0}},
                     {.first_layer = 5, .num_layers = 3, .devices = {6}}})}};
}

}  // namespace

TEST_CASE("the bytes to load are those of the weights that a device does not hold, one by one") {
  const ModelSpec model = test::round_model();
  const HeldShards held = held_shards(model, before(), 7);
  for (const auto& pipelines : plans()) {
    CAPTURE(pipelines.front().name);
    const Plan plan(pipelines, 8, 7);
    CHECK(bytes_to_load(model, plan, held) == Approx(counted_bytes(pipelines)).epsilon(1e-12));
    CHECK(weight_transfer(plan, model, three_nodes(), before()).bytes ==
          Approx(counted_bytes(pipelines)).epsilon(1e-12));
  }
}

TEST_CASE("devices of a node change places so that the fewest bytes are loaded") {
  const ModelSpec model = test::round_model();
  const Cluster cluster = three_nodes();
  const HeldShards held = held_shards(model, before(), 7);
  for (const auto& pipelines : plans()) {
    CAPTURE(pipelines.front().name);
    const Plan placed =
        near_weights(Plan(pipelines, 8, 7), model, cluster, held, std::vector<bool>(7, false));
    // Expectation: the least over all orders of the devices of n0 and of n1.
    double least = counted_bytes(pipelines);
    std::vector<int> order = {0, 1, 2, 3};
    do {
      for (const bool swapped : {false, true}) {
        std::vector<PipelineGroup> other = pipelines;
        for (PipelineGroup& p : other) {
          for (Stage& stage : p.stages) {
            for (int& device : stage.devices) {
              device = device < 4 ? order[static_cast<std::size_t>(device)]
                                  : (device < 6 && swapped ? 9 - device : device);
            }
          }
        }
        least = std::min(least, bytes_to_load(model, Plan(other, 8, 7), held));
      }
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(bytes_to_load(model, placed, held) == Approx(least).epsilon(1e-12));
  }
}

TEST_CASE("devices that stay are not exchanged") {
  const ModelSpec model = test::round_model();
  const HeldShards held = held_shards(model, before(), 7);
  // Both would load less with device 0 first.
  const Plan crossed(
      {pipeline("p", {{.first_layer = 0, .num_layers = 8, .devices = {1, 0}}})}, 8, 7);
  const std::vector<bool> all_stay(7, true);
  CHECK(near_weights(crossed, model, three_nodes(), held, all_stay) == crossed);
  const Plan placed =
      near_weights(crossed, model, three_nodes(), held, std::vector<bool>(7, false));
  CHECK(placed.pipelines()[0].stages[0].devices == std::vector<int>{0, 1});
}

TEST_CASE("a copy for a new device comes over the link where it arrives first") {
  const ModelSpec model = test::round_model();
  const Cluster cluster = three_nodes();
  const Plan plan({pipeline("p", {{.first_layer = 0, .num_layers = 8, .devices = {6}}})}, 8, 7);
  const WeightTransfer transfer = weight_transfer(plan, model, cluster, before());
  // Expectation: 8 layers of 30.004 MB, embedding 20 MB, LM head and norm 20.002 MB = 280.034 MB.
  // Both nodes hold everything and are linked alike, so each sends parts in turn: n0 layers 0, 2,
  // 4, 6 and the embedding, n1 layers 1, 3, 5, 7 and the LM head: 140.016 and 140.018 MB at 1 GB/s
  // after 1 ms.
  REQUIRE(transfer.loads.size() == 1);
  CHECK(transfer.loads[0].device == 6);
  CHECK(transfer.bytes == Approx(280.034e6));
  CHECK(transfer.bytes_from_storage == 0);
  REQUIRE(transfer.transfers.size() == 2);
  CHECK(transfer.transfers[0].bytes == Approx(140.016e6));
  CHECK(transfer.transfers[1].bytes == Approx(140.018e6));
  REQUIRE(transfer.slowest() != nullptr);
  CHECK(transfer.slowest()->from_node == 1);
  CHECK(transfer.slowest()->time_s == Approx(0.141018));
}

TEST_CASE("what no whole stage holds any more comes from storage") {
  const ModelSpec model = test::round_model();
  std::vector<PipelineGroup> left = before();
  left.pop_back();
  left[0].stages[1].devices = {kLostDevice};
  const Plan plan({pipeline("p", {{.first_layer = 0, .num_layers = 8, .devices = {6}}})}, 8, 7);
  const WeightTransfer transfer = weight_transfer(plan, model, three_nodes(), left);
  // Expectation: layers 5 to 7, LM head and final norm: 3 * 30.004 + 20.002 MB.
  CHECK(transfer.bytes_from_storage == Approx(110.014e6));
  REQUIRE(transfer.loads.size() == 1);
  REQUIRE(transfer.loads[0].sources.size() == 2);
  CHECK(transfer.loads[0].sources[0].node == -1);
  CHECK(transfer.loads[0].sources[1].bytes == Approx(5 * 30.004e6 + 20e6));
}

TEST_CASE("a tied embedding need not be loaded again as LM head of the same device") {
  ModelSpec model = test::round_model();
  model.tied_embeddings = true;
  const std::vector<PipelineGroup> two_stages = {
      pipeline("a",
               {{.first_layer = 0, .num_layers = 5, .devices = {4}},
                {.first_layer = 5, .num_layers = 3, .devices = {5}}})};
  const Plan alone({pipeline("p", {{.first_layer = 0, .num_layers = 8, .devices = {4}}})}, 8, 7);
  const HeldShards held = held_shards(model, two_stages, 7);
  // Expectation: three layers and the final norm.
  CHECK(bytes_to_load(model, alone, held) == Approx(3 * 30.004e6 + 2e3));
}

TEST_CASE("the cheapest assignment is that of brute force") {
  const std::vector<std::vector<double>> cost = {
      {7, 3, 9, 4, 8}, {2, 3, 8, 9, 1}, {6, 3, 5, 3, 7}, {1, 8, 2, 4, 1}};
  std::vector<int> order = {0, 1, 2, 3, 4};
  double least = 1e9;
  do {
    double sum = 0;
    for (std::size_t row = 0; row < cost.size(); ++row) {
      sum += cost[row][static_cast<std::size_t>(order[row])];
    }
    least = std::min(least, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  const std::vector<int> columns = cheapest_assignment(cost);
  double sum = 0;
  for (std::size_t row = 0; row < cost.size(); ++row) {
    sum += cost[row][static_cast<std::size_t>(columns[row])];
  }
  CHECK(sum == least);
  std::vector<int> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  CHECK(cheapest_assignment({}).empty());
}
