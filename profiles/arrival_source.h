#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "profiles/trace_reader.h"
#include "profiles/workload.h"

namespace hexgen {

/// Requests in order of arrival.
class ArrivalSource {
 public:
  virtual ~ArrivalSource() = default;
  virtual std::optional<RequestSpec> next() = 0;
};

/// Requests of a workload drawn with `seed`, the same on every platform. The lengths depend on the
/// seed alone, and another rate only stretches the same gaps: runs with one seed compare plans and
/// rates on common random numbers.
std::unique_ptr<ArrivalSource> generate_arrivals(const Workload& workload, std::uint64_t seed);

/// The given requests, in order of arrival: for tests and for replaying one draw against many
/// plans.
std::unique_ptr<ArrivalSource> replay_arrivals(std::vector<RequestSpec> requests);

/// Requests of a trace, as they were recorded, read while they are asked for.
std::unique_ptr<ArrivalSource> trace_arrivals(std::unique_ptr<TraceReader> trace);

/// The lengths of a source, in its order, at the arrival times of a process, of which the number of
/// requests is not read.
std::unique_ptr<ArrivalSource> with_arrival_times(std::unique_ptr<ArrivalSource> source,
                                                  const ArrivalProcess& process,
                                                  std::uint64_t seed);

/// The first `count` requests of a source.
std::unique_ptr<ArrivalSource> first_arrivals(std::unique_ptr<ArrivalSource> source,
                                              std::int64_t count);

/// All requests that a source still has.
std::vector<RequestSpec> draw_requests(ArrivalSource& source);

}  // namespace hexgen
