#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "planner/planning.h"

namespace hexgen {

/// What one group is worth on its own.
struct GroupRate {
  double rate_per_s = 0;  // requests within the SLO; 0 when no layout exists
  const PipelineLayout* layout = nullptr;
  int max_batch = 0;
  DeviceGroup group;  // that the layout's stages refer to
};

/// Rates of groups as if each served alone: estimated until the group is simulated. In a plan of
/// many pipelines that share requests by weighted round robin, rates add up: arrivals at each are
/// nearly evenly spaced, whatever the others do. Reading is thread-safe while nothing is simulated.
class GroupRates {
 public:
  /// Keeps a reference to `planning`.
  explicit GroupRates(const Planning& planning);

  /// The simulated rate, or the estimate in proportion to what simulation has found so far.
  GroupRate rate(const DeviceGroup& group) const;

  /// Simulates those groups that were not, on `threads` threads.
  void simulate(const std::vector<DeviceGroup>& groups, int threads);

  std::int64_t simulated() const { return static_cast<std::int64_t>(rates_.size()); }

 private:
  /// A layout with the batch at which it carries most.
  struct Candidate {
    std::size_t layout = 0;
    int max_batch = 0;
    double rate_per_s = 0;
  };

  std::vector<Candidate> candidates(const PipelineChoices& choices) const;
  Candidate simulated_best(const LayoutCache::Answer& answer) const;
  ServingSystem alone(const LayoutCache::Answer& answer, Candidate& candidate) const;

  const Planning& planning_;
  LoadTest load_test_;
  std::map<const PipelineChoices*, Candidate> rates_;
  double sum_estimated_per_s_ = 0;
  double sum_simulated_per_s_ = 0;
};

/// The devices that the layout uses.
DeviceGroup used_devices(const PipelineLayout& layout, const DeviceGroup& group);

}  // namespace hexgen
