#pragma once

#include <cstddef>
#include <vector>

#include "cost_models/service_level.h"
#include "profiles/workload.h"

namespace hexgen {

/// What it takes to judge a request by its lengths.
struct RequestAllowance {
  double unit_s = 0;   // ServiceLevel::unit_s()
  double total_s = 0;  // ServiceLevel::time_allowed_s()
};

/// Those of all requests, in order.
std::vector<RequestAllowance> allowances(const std::vector<RequestSpec>& requests,
                                         const ServiceLevel& level);

/// Counts, while a simulation runs, the requests that have missed the SLO or cannot meet it any
/// more, to end it when the outcome is settled.
class MissCounter {
 public:
  /// Of `requests` requests in all those from number `first` on count; more than `allowed` of them
  /// that miss the SLO are too many. `allowances` are those of the requests, which may come round
  /// again and again; both references outlive the counter.
  MissCounter(const ServiceLevel& level,
              const std::vector<RequestAllowance>& allowances,
              std::size_t first,
              std::size_t requests,
              std::size_t allowed);

  /// True when it is time to look again, now that so many requests have arrived.
  bool due(std::size_t arrived) const { return arrived >= next_look_; }

  /// Judges what became of the requests that have arrived; all tokens emitted before `now` have
  /// been entered.
  void look(const std::vector<RequestOutcome>& arrived, SimTime now);

  bool too_many() const { return missed_ > allowed_; }

 private:
  /// A request that may still meet the SLO, and until when.
  struct Open {
    std::size_t request = 0;
    SimTime first_token_by = kEndOfTime;
    SimTime last_token_by = kEndOfTime;
  };

  Open open(std::size_t index, const RequestOutcome& request) const;
  bool decided(const Open& open, const RequestOutcome& request, SimTime now);

  const RequestAllowance& allowance(std::size_t request) const {
    return allowances_[request % allowances_.size()];
  }

  const ServiceLevel& level_;
  const std::vector<RequestAllowance>& allowances_;
  std::size_t next_;  // request that is not in open_ yet
  std::size_t stride_;
  std::size_t allowed_;
  std::size_t next_look_;
  std::size_t missed_ = 0;
  std::vector<Open> open_;
};

}  // namespace hexgen
