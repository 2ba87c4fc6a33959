#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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

/// All requests that a source still has.
std::vector<RequestSpec> draw_requests(ArrivalSource& source);

}  // namespace hexgen
