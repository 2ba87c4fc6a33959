#pragma once

#include <memory>
#include <vector>

#include "simulator/replica.h"
#include "simulator/shared_network.h"

namespace hexgen {

/// The replicas of a system in simulation. Those whose transfers can slow each other down are
/// advanced in lock step, in one order of events; all others each on its own.
class Fleet {
 public:
  /// Outcomes and token gaps go to `result`, which outlives the fleet, as `observer` does.
  Fleet(const ServingSystem& system,
        const SimulationOptions& options,
        SimulationResult& result,
        ExecutionObserver* observer);

  const std::vector<Replica>& replicas() const { return replicas_; }

  Replica& replica(int index) { return replicas_[static_cast<std::size_t>(index)]; }

  /// Carries out all events of a replica before `limit`, and of those that it shares links with.
  void advance_before(int replica, const EventKey& limit);

  void advance_all_before(const EventKey& limit);

  /// All tokens emitted before this have been entered in the outcomes, now that all events before
  /// `now` have been carried out.
  SimTime entered_until(SimTime now) const;

 private:
  /// Replicas in lock step.
  struct Group {
    std::vector<int> replicas;
    std::unique_ptr<SharedNetwork> network;
  };

  void advance_before(Group& group, const EventKey& limit);

  std::vector<Group> groups_;
  std::vector<int> group_of_;  // [replica]; -1: on its own
  std::vector<Replica> replicas_;
};

}  // namespace hexgen
