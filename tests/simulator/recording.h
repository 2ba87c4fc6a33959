#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "simulator/execution_observer.h"

namespace hexgen::test {

/// Keeps all that an observer is told, by replica.
class Recording final : public ExecutionObserver {
 public:
  struct Mark {
    int request = -1;
    RequestMark mark{};
    SimTime time = 0;

    bool operator==(const Mark&) const = default;
  };

  struct ReplicaRecord {
    std::vector<StageSpan> served;
    std::vector<StageSpan> hand_offs;
    std::vector<std::pair<SimTime, Occupancy>> occupancy;
    std::vector<Mark> marks;

    bool operator==(const ReplicaRecord&) const = default;
  };

  void stage_served(int replica, const StageSpan& span) override {
    of(replica).served.push_back(span);
  }

  void handed_off(int replica, const StageSpan& span) override {
    of(replica).hand_offs.push_back(span);
  }

  void occupied(int replica, SimTime time, const Occupancy& occupancy) override {
    of(replica).occupancy.emplace_back(time, occupancy);
  }

  void marked(int replica, int request, RequestMark mark, SimTime time) override {
    of(replica).marks.push_back({request, mark, time});
  }

  ReplicaRecord& of(int replica) {
    const auto index = static_cast<std::size_t>(replica);
    replicas.resize(std::max(replicas.size(), index + 1));
    return replicas[index];
  }

  std::vector<ReplicaRecord> replicas;
};

}  // namespace hexgen::test
