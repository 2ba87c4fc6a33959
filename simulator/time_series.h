#pragma once

#include <cstdint>
#include <vector>

#include "simulator/execution_observer.h"
#include "simulator/simulation.h"
#include "simulator/time_integral.h"

namespace hexgen {

/// One replica over time: means over each bucket.
struct ReplicaSeries {
  std::vector<std::vector<double>> stage_utilisation;  // [stage][bucket], 0..1
  std::vector<double> kv_utilisation;                  // [bucket], share of the blocks in use
  std::vector<double> running;                         // [bucket], requests admitted
  std::vector<double> waiting;                         // [bucket], requests in the line
};

/// One replica over the whole run.
struct ReplicaUse {
  double duration_s = 0;      // = TimeSeries::end_s
  double kv_utilisation = 0;  // mean share of the blocks in use
  double running = 0;         // mean number of requests
  double waiting = 0;         // mean number of requests
  double waiting_share = 0;   // share of the time with somebody in the line
  std::int64_t peak_kv_blocks = 0;
  std::int64_t kv_blocks = 0;        // that there are
  std::vector<double> hand_off_s;    // [stage], all hand-offs from this stage together
  std::vector<std::int64_t> served;  // [stage], iterations
};

/// A run over time, in buckets of one width; the last one ends with the run.
struct TimeSeries {
  double bucket_s = 0;
  double end_s = 0;                       // of all that happened, later than the last token when
                                          // that is handed back or others are rejected
  std::vector<std::int64_t> arrivals;     // [bucket], rejected ones included
  std::vector<std::int64_t> completions;  // [bucket]
  std::vector<ReplicaSeries> replicas;
  std::vector<ReplicaUse> use;  // [replica]

  std::size_t buckets() const { return arrivals.size(); }
};

/// Integrates what replicas do, exactly and in bounded memory, for the report.
class SeriesRecorder final : public ExecutionObserver {
 public:
  explicit SeriesRecorder(const ServingSystem& system);

  void stage_served(int replica, const StageSpan& span) override;
  void handed_off(int replica, const StageSpan& span) override;
  void occupied(int replica, SimTime time, const Occupancy& occupancy) override;

  void marked(int, int, RequestMark, SimTime) override {}

  /// After the run of this system whose result this is.
  TimeSeries series(const ServingSystem& system,
                    const SimulationOptions& options,
                    const SimulationResult& result) const;

 private:
  struct ReplicaRecord {
    std::vector<TimeIntegral> busy;  // [stage]
    std::vector<SimTime> hand_off;   // [stage]
    std::vector<std::int64_t> served;
    TimeIntegral kv_blocks;
    TimeIntegral running;
    TimeIntegral waiting;
    TimeIntegral anyone_waiting;
    SimTime since = 0;
    Occupancy now;
    std::int64_t peak_kv_blocks = 0;

    void advance(SimTime time);
  };

  std::vector<ReplicaRecord> replicas_;
  SimTime last_end_ = 0;  // of all that was observed
};

}  // namespace hexgen
