#include "cost_models/plan.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::InputError;
using hexgen::PipelineGroup;
using hexgen::Plan;

namespace {

PipelineGroup two_stages(int first, int second, std::vector<int> devices) {
  return {.name = "p",
          .stages = {{.first_layer = 0, .num_layers = first, .devices = {devices[0]}},
                     {.first_layer = first, .num_layers = second, .devices = {devices[1]}}}};
}

}  // namespace

TEST_CASE("a plan whose stages cover every layer once is accepted") {
  const Plan plan({two_stages(5, 3, {0, 1})}, 8, 2);
  CHECK(plan.asymmetric());
  CHECK_FALSE(Plan({two_stages(4, 4, {0, 1})}, 8, 2).asymmetric());
}

TEST_CASE("a plan with a layer missing is refused by pipeline and count") {
  CHECK_THROWS_WITH_AS(Plan({two_stages(4, 3, {0, 1})}, 8, 2),
                       "pipelines[0].stages: cover 7 layers, the model has 8",
                       InputError);
}

TEST_CASE("a plan whose stages overlap is refused by stage") {
  PipelineGroup overlapping = two_stages(4, 4, {0, 1});
  overlapping.stages[1].first_layer = 3;
  CHECK_THROWS_WITH_AS(
      Plan({overlapping}, 8, 2),
      "pipelines[0].stages[1].first_layer: 3 is not 4, where the stage before it ends",
      InputError);
}

TEST_CASE("a device used by two pipelines is refused") {
  CHECK_THROWS_WITH_AS(Plan({two_stages(4, 4, {0, 1}), two_stages(4, 4, {2, 1})}, 8, 3),
                       "pipelines[1].stages[1].devices[0]: device 1 is used twice",
                       InputError);
}
