#include "runner/launch/process_layout.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "tests/support/clusters.h"

using hexgen::InputError;
using hexgen::lay_out_processes;
using hexgen::PipelineGroup;
using hexgen::ProcessLayout;

namespace {

/// Nodes n0 to n3 with two devices each; stages on n2 and n0, then n0, then n1; n3 is not used.
const hexgen::Cluster kCluster = hexgen::test::round_cluster({hexgen::test::round_gpu("gpu", 16)},
                                                             {{0, 2}, {0, 2}, {0, 2}, {0, 2}});
const PipelineGroup kPipeline = {
    .name = "p0",
    .stages = {{.num_layers = 4, .devices = {4, 0}},
               {.first_layer = 4, .num_layers = 2, .devices = {1}},
               {.first_layer = 6, .num_layers = 2, .devices = {3, 2}}}};

}  // namespace

TEST_CASE(
    "with several processes the k-th takes the ranks of the k-th node in the order of the stages") {
  const ProcessLayout layout = lay_out_processes(kPipeline, kCluster, 3);
  CHECK(layout.nodes == std::vector<std::string>{"n2", "n0", "n1"});
  CHECK(layout.process_of_rank == std::vector<int>{0, 1, 1, 2, 2});
}

TEST_CASE("one process takes all ranks") {
  const ProcessLayout layout = lay_out_processes(kPipeline, kCluster, 1);
  CHECK(layout.nodes == std::vector<std::string>{"n2, n0, n1"});
  CHECK(layout.process_of_rank == std::vector<int>(5, 0));
}

TEST_CASE("another number of processes than nodes is refused with the nodes' names") {
  CHECK_THROWS_WITH_AS(lay_out_processes(kPipeline, kCluster, 2),
                       "pipeline p0 needs one process for each of its 3 nodes (n2, n0, n1) or one "
                       "for all, not 2",
                       InputError);
}
