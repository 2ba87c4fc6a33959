#pragma once

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

/// Requests of a workload drawn with `seed`; independent of platform and standard library.
std::unique_ptr<ArrivalSource> generate_arrivals(const Workload& workload, std::uint64_t seed);

/// The given requests, for tests and for replaying one draw against many plans.
std::unique_ptr<ArrivalSource> replay_arrivals(const std::vector<RequestSpec>& requests);

}  // namespace hexgen
