#pragma once

#include <cstddef>
#include <string>

#include "simulator/time_series.h"

namespace hexgen {

/// What sets the pace of a pipeline.
struct Bottleneck {
  enum class Kind {
    kStage,    // the busiest stage
    kKvCache,  // requests wait for blocks
    kPlaces,   // requests wait for one of max_batch places
    kHandOffs  // at least half of an iteration's way is spent on links
  };

  Kind kind = Kind::kStage;
  std::size_t stage = 0;    // the busiest; of hand-offs, the one that the slowest leaves
  bool holds_back = false;  // one request or more waits, on average
  std::string reason;       // "stage 1, busy 93.5 % of the time"
};

/// By rules of thumb over the whole run; `stage_utilisation` is by stage. A stage that is busy 90 %
/// of the time is the reason. Otherwise, where requests wait for at least 5 % of the time, the KV
/// cache is when it was all but full (95 % at the peak, 60 % on average), or the places are when
/// 80 % of them were taken on average. Otherwise hand-offs, or the busiest stage after all.
Bottleneck bottleneck_of(const ReplicaModel& replica,
                         const std::vector<double>& stage_utilisation,
                         const ReplicaUse& use);

}  // namespace hexgen
