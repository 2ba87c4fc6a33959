#include "simulator/miss_counter.h"

#include <algorithm>

namespace hexgen {
namespace {

constexpr std::size_t kLooks = 64;

/// A moment after which a limit is missed however the comparison rounds; the end of time for a
/// limit of 0, which stands for none.
SimTime surely_after(SimTime arrival, double limit_s) {
  constexpr double kRounding = 1 + 1e-9;
  constexpr double kLongest_s = 1e9;
  return limit_s > 0 && limit_s < kLongest_s ? arrival + to_sim_time(limit_s * kRounding) + 1
                                             : kEndOfTime;
}

}  // namespace

std::vector<RequestAllowance> allowances(const std::vector<RequestSpec>& requests,
                                         const ServiceLevel& level) {
  std::vector<RequestAllowance> each;
  each.reserve(requests.size());
  for (const RequestSpec& request : requests) {
    each.push_back({.unit_s = level.unit_s(request.prompt_tokens, request.output_tokens),
                    .total_s = level.time_allowed_s(request.prompt_tokens, request.output_tokens)});
  }
  return each;
}

MissCounter::MissCounter(const ServiceLevel& level,
                         const std::vector<RequestAllowance>& allowances,
                         std::size_t first,
                         std::size_t requests,
                         std::size_t allowed)
    : level_(level),
      allowances_(allowances),
      next_(first),
      stride_(requests / kLooks + 1),
      allowed_(allowed),
      next_look_(first + allowed + 1) {}

void MissCounter::look(const std::vector<RequestOutcome>& arrived, SimTime now) {
  for (; next_ < arrived.size(); ++next_) {
    open_.push_back(open(next_, arrived[next_]));
  }
  std::erase_if(open_, [&](const Open& open) { return decided(open, arrived[open.request], now); });
  next_look_ = arrived.size() + stride_;
}

MissCounter::Open MissCounter::open(std::size_t index, const RequestOutcome& request) const {
  // A first token at time 0 could not be told from none.
  const double ttft_s = request.arrival > 0 ? level_.slo().ttft_s.value_or(0) : 0;
  return {.request = index,
          .first_token_by = surely_after(request.arrival, ttft_s),
          .last_token_by = surely_after(request.arrival, allowance(index).total_s)};
}

bool MissCounter::decided(const Open& open, const RequestOutcome& request, SimTime now) {
  const bool waits = request.state == RequestState::kInFlight;
  if (waits && now <= open.last_token_by &&
      (request.first_token > 0 || now <= open.first_token_by)) {
    return false;
  }
  missed_ += waits || !level_.met_by(request, allowance(open.request).unit_s) ? 1 : 0;
  return true;
}

}  // namespace hexgen
