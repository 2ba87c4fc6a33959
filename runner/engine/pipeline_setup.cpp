#include "runner/engine/pipeline_setup.h"

#include <numeric>
#include <string>

namespace hexgen {

int num_ranks(const PipelineGroup& pipeline) {
  return std::accumulate(
      pipeline.stages.begin(), pipeline.stages.end(), 0, [](int sum, const Stage& stage) {
        return sum + stage.tp_degree();
      });
}

RankPlace place_of(const PipelineGroup& pipeline, int rank) {
  RankPlace place = {.index = rank};
  while (place.index >= pipeline.stages[static_cast<std::size_t>(place.stage)].tp_degree()) {
    place.index -= pipeline.stages[static_cast<std::size_t>(place.stage)].tp_degree();
    ++place.stage;
  }
  const Stage& stage = pipeline.stages[static_cast<std::size_t>(place.stage)];
  place.device = stage.devices[static_cast<std::size_t>(place.index)];
  return place;
}

std::vector<int> ranks_of_stage(const PipelineGroup& pipeline, int stage) {
  int first = 0;
  for (int before = 0; before < stage; ++before) {
    first += pipeline.stages[static_cast<std::size_t>(before)].tp_degree();
  }
  std::vector<int> ranks(pipeline.stages[static_cast<std::size_t>(stage)].devices.size());
  std::iota(ranks.begin(), ranks.end(), first);
  return ranks;
}

std::string rank_name(const PipelineSetup& setup, int rank) {
  const RankPlace place = place_of(setup.pipeline, rank);
  return "stage " + std::to_string(place.stage) + ", device " +
         setup.cluster.device_name(place.device) + " (rank " + std::to_string(rank) + ")";
}

}  // namespace hexgen
