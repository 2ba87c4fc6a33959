#include "simulator/load_test.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "profiles/errors.h"

namespace hexgen {
namespace {

constexpr double kRateResolution = 1.01;
constexpr int kMaxDoublings = 20;
constexpr double kTimesAllowed = 10;
constexpr double kMostRequests = 200000;

/// The requests of a test, faster or slower, again and again until there are `count`.
class RepeatedArrivals final : public ArrivalSource {
 public:
  RepeatedArrivals(const std::vector<RequestSpec>& requests,
                   std::size_t count,
                   double stretch,
                   double period_s)
      : requests_(requests),
        count_(count),
        stretch_(stretch),
        period_s_(period_s) {}

  std::optional<RequestSpec> next() override {
    if (position_ == count_) {
      return std::nullopt;
    }
    RequestSpec request = requests_[position_ % requests_.size()];
    const auto round = static_cast<double>(position_ / requests_.size());
    request.arrival_s = request.arrival_s * stretch_ + round * period_s_;
    ++position_;
    return request;
  }

 private:
  const std::vector<RequestSpec>& requests_;
  std::size_t count_;
  double stretch_;
  double period_s_;
  std::size_t position_ = 0;
};

double mean_total_s(const std::vector<RequestAllowance>& allowances) {
  double sum = 0;
  for (const RequestAllowance& allowance : allowances) {
    sum += allowance.total_s;
  }
  return allowances.empty() ? 0 : sum / static_cast<double>(allowances.size());
}

/// The most of `requests` that may miss the SLO when a share of `target` is to meet it.
std::size_t most_misses(std::size_t requests, double target) {
  const auto count = static_cast<double>(requests);
  std::size_t misses = 0;
  while (misses < requests && (count - static_cast<double>(misses) - 1) / count >= target) {
    ++misses;
  }
  return misses;
}

}  // namespace

LoadTest::LoadTest(std::vector<RequestSpec> requests,
                   double rate_per_s,
                   ServiceLevel level,
                   SimulationOptions options,
                   MeasurementWindow window)
    : requests_(std::move(requests)),
      rate_per_s_(rate_per_s),
      level_(std::move(level)),
      options_(options),
      window_(window),
      allowances_(allowances(requests_, level_)),
      shortest_s_(kTimesAllowed * mean_total_s(allowances_)) {
  if (!(rate_per_s_ > 0 && std::isfinite(rate_per_s_))) {
    throw InputError("rate_per_s: " + std::to_string(rate_per_s_) + " is not above 0");
  }
}

LoadTest LoadTest::with_level(ServiceLevel level) const {
  return {requests_, rate_per_s_, std::move(level), options_, window_};
}

std::size_t LoadTest::num_requests(double rate_per_s) const {
  const double needed = std::min(shortest_s_ * rate_per_s, kMostRequests);
  return std::max(requests_.size(), static_cast<std::size_t>(std::ceil(needed)));
}

SimulationResult LoadTest::play(const ServingSystem& system, double rate_per_s) const {
  return play(system, rate_per_s, nullptr);
}

SimulationResult LoadTest::play(const ServingSystem& system,
                                double rate_per_s,
                                MissCounter* misses) const {
  const auto drawn = static_cast<double>(requests_.size());
  const double stretch = rate_per_s_ / rate_per_s;
  // A draw may by chance last longer than its rate says.
  const double last_s = requests_.empty() ? 0 : requests_.back().arrival_s * stretch;
  RepeatedArrivals arrivals(
      requests_, num_requests(rate_per_s), stretch, std::max(drawn / rate_per_s, last_s));
  return simulate(system, arrivals, options_, nullptr, misses);
}

bool LoadTest::sustains(const ServingSystem& system, double rate_per_s, double target) const {
  const std::size_t requests = num_requests(rate_per_s);
  const std::size_t first = window_.first_request(requests);
  MissCounter misses(level_, allowances_, first, requests, most_misses(requests - first, target));
  const bool all_arrive = options_.until == kEndOfTime;
  const SimulationResult result = play(system, rate_per_s, all_arrive ? &misses : nullptr);
  if (all_arrive) {
    misses.look(result.requests, kEndOfTime);
  }
  return (all_arrive ? !misses.too_many()
                     : slo_attainment(result.requests, level_, window_) >= target) &&
         saturated_replicas(system, result, window_).empty();
}

double LoadTest::attainment(const ServingSystem& system, double rate_per_s) const {
  return slo_attainment(play(system, rate_per_s).requests, level_, window_);
}

double LoadTest::lowest_deadline_scale(const ServingSystem& system,
                                       double rate_per_s,
                                       double target) const {
  return nearest_rank(normalised_latencies(play(system, rate_per_s).requests, level_, window_),
                      target);
}

double LoadTest::highest_rate(const ServingSystem& system, double target) const {
  double best = 0;
  const auto passes = [&](double rate) {
    const bool sustained = sustains(system, rate, target);
    best = sustained ? rate : best;
    return sustained;
  };
  double failed = rate_per_s_;
  if (passes(rate_per_s_)) {
    for (int i = 0; i < kMaxDoublings && failed == best; ++i) {
      failed *= 2;
      passes(failed);
    }
  } else {
    for (int i = 0; i < kMaxDoublings && !passes(failed / 2); ++i) {
      failed /= 2;
    }
  }
  while (best > 0 && failed > best * kRateResolution) {
    const double middle = std::sqrt(best * failed);
    if (!passes(middle)) {
      failed = middle;
    }
  }
  return best;
}

}  // namespace hexgen
