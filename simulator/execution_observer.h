#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/sim_time.h"
#include "simulator/stage_timer.h"

namespace hexgen {

/// A stage, or the link behind it, at work on one micro-batch.
struct StageSpan {
  int stage = 0;
  std::int64_t iteration = 0;  // number of the iteration in its replica
  SimTime begin = 0;
  SimTime end = 0;
  IterationShape shape;

  bool operator==(const StageSpan&) const = default;
};

/// What a replica holds.
struct Occupancy {
  std::int64_t running = 0;  // requests admitted
  std::int64_t waiting = 0;  // requests in the line
  std::int64_t kv_blocks = 0;

  bool operator==(const Occupancy&) const = default;
};

enum class RequestMark : std::uint8_t {
  kArrived,
  kAdmitted,
  kFirstToken,
  kPreempted,
  kCompleted,
  kLost  // the replica went down
};

/// Sees what replicas do, for timelines and time series. The calls are the same whether decode
/// steps are jumped over or not. Replicas run on their own, so calls of different replicas are in
/// no common order of time; of one replica, the spans of a stage and the occupancies are in order.
class ExecutionObserver {
 public:
  virtual ~ExecutionObserver() = default;

  /// The stage computed or reduced for the whole span. Spans of one stage do not overlap.
  virtual void stage_served(int replica, const StageSpan& span) = 0;

  /// Activations went from span.stage to the next stage, or tokens from the last to the first.
  virtual void handed_off(int replica, const StageSpan& span) = 0;

  /// True from `time` on until the next call.
  virtual void occupied(int replica, SimTime time, const Occupancy& occupancy) = 0;

  /// Something happened to a request, which the simulation numbers in order of arrival.
  virtual void marked(int replica, int request, RequestMark mark, SimTime time) = 0;
};

/// Passes everything on to several observers, in order.
class ObserverList final : public ExecutionObserver {
 public:
  void add(ExecutionObserver& observer) { observers_.push_back(&observer); }

  void stage_served(int replica, const StageSpan& span) override {
    for (ExecutionObserver* observer : observers_) {
      observer->stage_served(replica, span);
    }
  }

  void handed_off(int replica, const StageSpan& span) override {
    for (ExecutionObserver* observer : observers_) {
      observer->handed_off(replica, span);
    }
  }

  void occupied(int replica, SimTime time, const Occupancy& occupancy) override {
    for (ExecutionObserver* observer : observers_) {
      observer->occupied(replica, time, occupancy);
    }
  }

  void marked(int replica, int request, RequestMark mark, SimTime time) override {
    for (ExecutionObserver* observer : observers_) {
      observer->marked(replica, request, mark, time);
    }
  }

 private:
  std::vector<ExecutionObserver*> observers_;
};

/// One replica's line to the observer, if there is one.
class ExecutionProbe {
 public:
  ExecutionProbe() = default;

  ExecutionProbe(ExecutionObserver* observer, int replica)
      : observer_(observer),
        replica_(replica) {}

  explicit operator bool() const { return observer_ != nullptr; }

  void stage_served(const StageSpan& span) const {
    if (observer_ != nullptr) {
      observer_->stage_served(replica_, span);
    }
  }

  /// Nothing is said of hand-offs that take no time.
  void handed_off(const StageSpan& span) const {
    if (observer_ != nullptr && span.end > span.begin) {
      observer_->handed_off(replica_, span);
    }
  }

  /// Nothing is said when nothing changed.
  void occupied(SimTime time, const Occupancy& occupancy) {
    if (observer_ != nullptr && occupancy != last_) {
      last_ = occupancy;
      observer_->occupied(replica_, time, occupancy);
    }
  }

  void marked(int request, RequestMark mark, SimTime time) const {
    if (observer_ != nullptr) {
      observer_->marked(replica_, request, mark, time);
    }
  }

 private:
  ExecutionObserver* observer_ = nullptr;
  int replica_ = 0;
  Occupancy last_;
};

}  // namespace hexgen
