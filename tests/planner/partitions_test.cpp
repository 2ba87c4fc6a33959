#include "planner/partitions.h"

#include <doctest/doctest.h>

#include "tests/planner/search_space_builder.h"
#include "tests/support/clusters.h"

using namespace hexgen;

namespace {

constexpr std::size_t kNoLimit = 1'000'000;

/// Every device holds the share `model_share` of the model.
std::size_t count(const Cluster& cluster, double model_share, std::size_t limit = kNoLimit) {
  const SearchSpace space = test::search_space(cluster, model_share);
  return all_partitions(space, limit).size();
}

const GpuType kGpu = test::round_gpu("a", 1);
const GpuType kOther = test::round_gpu("b", 1);

}  // namespace

TEST_CASE("the devices of a node are divided like a number into summands") {
  // 0 to 3 devices used; 1, 1, 2, 3 partitions of these numbers.
  CHECK(count(test::round_cluster({kGpu}, {{0, 3}}), 1) == 7);
}

TEST_CASE("partitions that differ by an exchange of equal nodes come once") {
  // Three nodes of one device each, all links alike: as many as for three devices of one node.
  CHECK(count(test::round_cluster({kGpu}, {{0, 1}, {0, 1}, {0, 1}}), 1) == 7);
}

TEST_CASE("partitions of two unlike nodes are those of pairs of numbers") {
  // p(i, j) partitions of i devices here and j there: p(0,0) + 2 p(1,0) + 2 p(2,0) + p(1,1) +
  // 2 p(2,1) + p(2,2) = 1 + 2 + 4 + 2 + 8 + 9.
  CHECK(count(test::round_cluster({kGpu, kOther}, {{0, 2}, {1, 2}}), 1) == 26);
}

TEST_CASE("groups that cannot hold the model do not appear") {
  // Two devices hold it: none, {2}, {3} of three devices of a node.
  CHECK(count(test::round_cluster({kGpu}, {{0, 3}}), 0.5) == 3);
}

TEST_CASE("groups of one type leave out the mixed ones") {
  const Cluster cluster = test::round_cluster({kGpu, kOther}, {{0, 1}, {1, 1}});
  SearchSpace space = test::search_space(cluster, 1);
  CHECK(all_partitions(space, kNoLimit).size() == 5);  // -, a, b, a|b, ab
  space.kind = node_kinds(cluster, {.single_type = true});
  CHECK(all_partitions(space, kNoLimit).size() == 4);
}

TEST_CASE("more partitions than the limit are no list") {
  const Cluster cluster = test::round_cluster({kGpu}, {{0, 3}});
  CHECK(count(cluster, 1, 7) == 7);
  CHECK(count(cluster, 1, 6) == 0);
  CHECK(count(test::round_cluster({kGpu}, {{0, 8}, {0, 8}}), 0.01, 80) == 0);  // 81 groups
}
