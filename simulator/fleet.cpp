#include "simulator/fleet.h"

#include <algorithm>

#include "simulator/contention.h"
#include "simulator/pipeline_clock.h"
#include "simulator/stepped_pipeline.h"

namespace hexgen {
namespace {

bool goes_down(const ServingSystem& system, int replica) {
  return std::any_of(
      system.availability.begin(),
      system.availability.end(),
      [replica](const AvailabilityChange& change) { return change.replica == replica; });
}

}  // namespace

Fleet::Fleet(const ServingSystem& system,
             const SimulationOptions& options,
             SimulationResult& result,
             ExecutionObserver* observer)
    : group_of_(system.replicas.size(), -1) {
  const Contention contention = find_contention(system, options);
  for (const std::vector<int>& replicas : contention.groups) {
    for (const int replica : replicas) {
      group_of_[static_cast<std::size_t>(replica)] = static_cast<int>(groups_.size());
    }
    groups_.push_back({replicas, std::make_unique<SharedNetwork>(system.network)});
  }
  for (std::size_t r = 0; r < system.replicas.size(); ++r) {
    const auto index = static_cast<int>(r);
    const ReplicaModel& model = contention.replicas[r];
    const ExecutionProbe probe(observer, index);
    const bool disturbed = group_of_[r] >= 0 || goes_down(system, index) ||
                           options.until != kEndOfTime || !options.launch_ahead;
    std::unique_ptr<Pipeline> pipeline;
    if (disturbed) {
      SharedNetwork* network = group_of_[r] < 0
                                   ? nullptr
                                   : groups_[static_cast<std::size_t>(group_of_[r])].network.get();
      pipeline = std::make_unique<SteppedPipeline>(model, options.overhead, probe, network);
    } else {
      pipeline = std::make_unique<PipelineClock>(model, options.overhead, probe);
    }
    replicas_.emplace_back(model, options, result, std::move(pipeline), probe);
  }
}

void Fleet::advance_before(int replica, const EventKey& limit) {
  const int group = group_of_[static_cast<std::size_t>(replica)];
  if (group >= 0) {
    advance_before(groups_[static_cast<std::size_t>(group)], limit);
  } else {
    this->replica(replica).advance_before(limit);
  }
}

void Fleet::advance_all_before(const EventKey& limit) {
  for (std::size_t r = 0; r < replicas_.size(); ++r) {
    if (group_of_[r] < 0) {
      replicas_[r].advance_before(limit);
    }
  }
  for (Group& group : groups_) {
    advance_before(group, limit);
  }
}

SimTime Fleet::entered_until(SimTime now) const {
  for (const Replica& replica : replicas_) {
    now = std::min(now, replica.next_token_time());
  }
  return now;
}

void Fleet::advance_before(Group& group, const EventKey& limit) {
  for (;;) {
    Replica* first = nullptr;
    EventKey next = group.network->next_event();
    for (const int index : group.replicas) {
      const EventKey key = replica(index).next_event();
      if (key < next) {
        first = &replica(index);
        next = key;
      }
    }
    if (!(next < limit)) {
      return;
    }
    if (first == nullptr) {
      group.network->carry_out_next();
    } else {
      first->carry_out_next(limit);
    }
  }
}

}  // namespace hexgen
