#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "simulator/execution_observer.h"

namespace hexgen {

/// What a timeline calls one pipeline and its stages.
struct TimelinePipeline {
  std::string name;
  std::vector<std::string> stages;
};

/// What to keep of a timeline: all that overlaps [from, to].
struct TimelineWindow {
  SimTime from = 0;
  SimTime to = kEndOfTime;

  bool overlaps(SimTime begin, SimTime end) const { return begin <= to && end >= from; }
};

/// Writes what replicas do in the trace event format of Chrome, which ui.perfetto.dev opens: a
/// process for every pipeline, a thread for every stage with a slice for every iteration, hand-offs
/// and requests as asynchronous slices, running and waiting requests and KV blocks as counters.
/// Times are microseconds with three decimals, so whole nanoseconds. Holds only the requests in
/// flight in memory.
class ChromeTraceWriter final : public ExecutionObserver {
 public:
  ChromeTraceWriter(std::ostream& out,
                    const std::vector<TimelinePipeline>& pipelines,
                    const TimelineWindow& window = {});

  void stage_served(int replica, const StageSpan& span) override;
  void handed_off(int replica, const StageSpan& span) override;
  void occupied(int replica, SimTime time, const Occupancy& occupancy) override;
  void marked(int replica, int request, RequestMark mark, SimTime time) override;

  /// Ends the document; nothing may follow.
  void finish();

 private:
  struct Phase {
    const char* name = nullptr;
    SimTime begin = 0;
    SimTime end = 0;
  };

  struct AsyncTrack {
    int pid = 0;
    const char* category = nullptr;
    std::string id;
  };

  struct Counters {
    SimTime since = 0;
    Occupancy now;
  };

  static bool decoded(const std::vector<Phase>& phases);
  void write_names(int pid, const TimelinePipeline& pipeline);
  void begin_event(const char* phase, const std::string& name, int pid, SimTime time);
  void write_async(const char* phase,
                   const std::string& name,
                   const AsyncTrack& track,
                   SimTime time);
  void write_counters(int pid, SimTime time, const Occupancy& occupancy);
  void write_request(int pid, int request);

  std::ostream& out_;
  TimelineWindow window_;
  std::vector<Counters> counters_;              // [replica]
  std::vector<std::size_t> num_stages_;         // [replica]
  std::map<int, std::vector<Phase>> requests_;  // in flight; the last phase is open
  bool first_ = true;
};

}  // namespace hexgen
