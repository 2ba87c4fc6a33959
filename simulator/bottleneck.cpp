#include "simulator/bottleneck.h"

#include <algorithm>
#include <numeric>

#include "cost_models/text_table.h"

namespace hexgen {
namespace {

std::size_t largest(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

std::string percent(double share) {
  return fixed(100 * share, 1) + " %";
}

/// Share of the way of all iterations through stages and links that was on links.
double hand_off_share(const std::vector<double>& stage_utilisation, const ReplicaUse& use) {
  const double links_s = std::accumulate(use.hand_off_s.begin(), use.hand_off_s.end(), 0.0);
  const double stages_s =
      use.duration_s * std::accumulate(stage_utilisation.begin(), stage_utilisation.end(), 0.0);
  return links_s > 0 ? links_s / (links_s + stages_s) : 0;
}

}  // namespace

Bottleneck bottleneck_of(const ReplicaModel& replica,
                         const std::vector<double>& stage_utilisation,
                         const ReplicaUse& use) {
  using Kind = Bottleneck::Kind;
  const std::size_t busiest = largest(stage_utilisation);
  const std::string stage = "stage " + std::to_string(busiest);
  const std::string busy = percent(stage_utilisation[busiest]) + " of the time";
  const bool holds_back = use.waiting >= 1;
  const Bottleneck at_stage = {Kind::kStage, busiest, holds_back, stage + ", busy " + busy};
  if (stage_utilisation[busiest] >= 0.9) {
    return at_stage;
  }
  const bool waits = use.waiting_share >= 0.05;
  const double peak = static_cast<double>(use.peak_kv_blocks) /
                      static_cast<double>(std::max<std::int64_t>(use.kv_blocks, 1));
  if (waits && peak >= 0.95 && use.kv_utilisation >= 0.6) {
    return {Kind::kKvCache,
            busiest,
            holds_back,
            "the KV cache, " + percent(use.kv_utilisation) + " full on average, " + percent(peak) +
                " at the peak"};
  }
  if (waits && use.running >= 0.8 * replica.max_batch) {
    return {Kind::kPlaces,
            busiest,
            holds_back,
            "max_batch, " + fixed(use.running, 1) + " of " + std::to_string(replica.max_batch) +
                " places taken on average"};
  }
  const double on_links = hand_off_share(stage_utilisation, use);
  if (on_links >= 0.5) {
    const std::size_t slowest = largest(use.hand_off_s);
    return {Kind::kHandOffs,
            slowest,
            holds_back,
            "hand-offs, " + percent(on_links) + " of an iteration's way, most of it from stage " +
                std::to_string(slowest) + " to " +
                std::to_string((slowest + 1) % replica.stages.size())};
  }
  return at_stage;
}

}  // namespace hexgen
