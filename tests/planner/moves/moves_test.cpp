#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "planner/moves/change_leniency.h"
#include "planner/moves/crossover.h"
#include "planner/moves/drop_group.h"
#include "planner/moves/merge_groups.h"
#include "planner/moves/move_gpu.h"
#include "planner/moves/rebuild_groups.h"
#include "planner/moves/split_group.h"
#include "planner/moves/swap_gpus.h"
#include "tests/planner/search_space_builder.h"

using namespace hexgen;

namespace {

const Cluster kCluster = test::two_region_cluster();
const SearchSpace kSpace = test::two_region_space(kCluster);

Individual two_groups() {
  return {.groups = {{{.node = 0, .devices = 4}, {.node = 1, .devices = 2}},
                     {{.node = 2, .devices = 2}, {.node = 3, .devices = 3}}}};
}

int total_devices(const Individual& individual) {
  int total = 0;
  for (const DeviceGroup& group : individual.groups) {
    total += num_devices(group);
  }
  return total;
}

/// Applies a move to `before` with 200 streams and hands over every result.
void for_each_result(bool (*move)(Individual&, const SearchSpace&, Random&),
                     const Individual& before,
                     const std::function<void(bool, const Individual&)>& check) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    CAPTURE(index);
    Random random(7, 0, index);
    Individual individual = before;
    const bool moved = move(individual, kSpace, random);
    REQUIRE(is_partition(individual, kCluster));
    check(moved, individual);
  }
}

}  // namespace

TEST_CASE("splitting a group keeps every device and adds at most one group") {
  int split = 0;
  for_each_result(split_group, two_groups(), [&](bool moved, const Individual& after) {
    CHECK(moved);
    CHECK(total_devices(after) == 11);
    CHECK(after.groups.size() <= 3);
    split += after.groups.size() == 3 ? 1 : 0;
  });
  CHECK(split > 100);
}

TEST_CASE("a group of one device cannot be split") {
  const Individual lone = {.groups = {{{.node = 0, .devices = 1}}}};
  for_each_result(split_group, lone, [&](bool moved, const Individual& after) {
    CHECK_FALSE(moved);
    CHECK(after == lone);
  });
}

TEST_CASE("merging two groups leaves one with all their devices") {
  for_each_result(merge_groups, two_groups(), [](bool moved, const Individual& after) {
    CHECK(moved);
    REQUIRE(after.groups.size() == 1);
    CHECK(after.groups[0] == merged(two_groups().groups[0], two_groups().groups[1]));
  });
}

TEST_CASE("merging prefers near groups") {
  const Individual three = {.groups = {{{.node = 0, .devices = 2}},
                                       {{.node = 1, .devices = 2}},
                                       {{.node = 2, .devices = 2}}}};
  int near = 0;
  for_each_result(merge_groups, three, [&](bool, const Individual& after) {
    near += after.groups[0] == DeviceGroup{{.node = 0, .devices = 2}, {.node = 1, .devices = 2}};
  });
  CHECK(near > 70);  // blind choice would merge n0 and n1 in a third of 200 cases
}

TEST_CASE("a swap exchanges devices of two nodes and keeps the number of groups") {
  int changed = 0;
  for_each_result(swap_gpus, two_groups(), [&](bool moved, const Individual& after) {
    CHECK(moved);
    CHECK(total_devices(after) == 11);
    CHECK(after.groups.size() == 2);
    changed += after != two_groups() ? 1 : 0;
  });
  CHECK(changed == 200);
}

TEST_CASE("a swap needs two groups with different nodes") {
  const Individual same_node = {
      .groups = {{{.node = 0, .devices = 2}}, {{.node = 0, .devices = 2}}}};
  for_each_result(swap_gpus, same_node, [&](bool moved, const Individual& after) {
    CHECK_FALSE(moved);
    CHECK(after == same_node);
  });
}

TEST_CASE("moving devices reaches the idle ones in both directions") {
  int fewer = 0;
  int more = 0;
  for_each_result(move_gpu, two_groups(), [&](bool, const Individual& after) {
    fewer += total_devices(after) < 11 ? 1 : 0;
    more += total_devices(after) > 11 ? 1 : 0;
    CHECK(total_devices(after) <= 13);
  });
  CHECK(fewer > 10);
  CHECK(more > 10);
}

TEST_CASE("rebuilt groups may hold the model") {
  for_each_result(rebuild_groups, two_groups(), [](bool moved, const Individual& after) {
    CHECK(moved);
    for (const DeviceGroup& group : after.groups) {
      CHECK(kSpace.may_hold_model(group));
    }
  });
}

TEST_CASE("dropping a group leaves its devices idle") {
  for_each_result(drop_group, two_groups(), [](bool moved, const Individual& after) {
    CHECK(moved);
    CHECK(after.groups.size() == 1);
  });
  const Individual empty;
  for_each_result(drop_group, empty, [](bool moved, const Individual&) { CHECK_FALSE(moved); });
}

TEST_CASE("the leniency of the division stays within its bounds") {
  Individual lenient = two_groups();
  lenient.leniency = kMaxLeniency;
  int lower = 0;
  for_each_result(change_leniency, lenient, [&](bool moved, const Individual& after) {
    CHECK(moved);
    CHECK(after.groups == lenient.groups);
    CHECK(after.leniency <= kMaxLeniency);
    lower += after.leniency < kMaxLeniency ? 1 : 0;
  });
  CHECK(lower > 50);
  lenient.leniency = -2;
  CHECK(leniency_factor(lenient) == doctest::Approx(1 / 1.1025));
}

TEST_CASE("a child of a crossover takes whole groups from both parents and overdraws no node") {
  const Individual other = {.groups = {{{.node = 0, .devices = 2}}, {{.node = 3, .devices = 3}}}};
  const Individual first = two_groups();
  int from_both = 0;
  for (std::uint64_t index = 0; index < 200; ++index) {
    Random random(7, 1, index);
    const Individual child = crossover(first, other, kSpace, random);
    REQUIRE(is_partition(child, kCluster));
    std::ptrdiff_t of_first = 0;
    std::ptrdiff_t of_second = 0;
    for (const DeviceGroup& group : child.groups) {
      of_first += std::count(first.groups.begin(), first.groups.end(), group);
      of_second += std::count(other.groups.begin(), other.groups.end(), group);
    }
    CHECK(of_first + of_second == static_cast<std::ptrdiff_t>(child.groups.size()));
    from_both += of_first > 0 && of_second > 0 ? 1 : 0;
  }
  CHECK(from_both > 30);
}
