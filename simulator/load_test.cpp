#include "simulator/load_test.h"

#include <cmath>
#include <string>

#include "profiles/errors.h"

namespace hexgen {
namespace {

constexpr double kRateResolution = 1.01;
constexpr int kMaxDoublings = 20;

/// The requests of a test, faster or slower.
class StretchedArrivals final : public ArrivalSource {
 public:
  StretchedArrivals(const std::vector<RequestSpec>& requests, double stretch)
      : requests_(requests),
        stretch_(stretch) {}

  std::optional<RequestSpec> next() override {
    if (position_ == requests_.size()) {
      return std::nullopt;
    }
    RequestSpec request = requests_[position_++];
    request.arrival_s *= stretch_;
    return request;
  }

 private:
  const std::vector<RequestSpec>& requests_;
  double stretch_;
  std::size_t position_ = 0;
};

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
      window_(window) {
  if (!(rate_per_s_ > 0 && std::isfinite(rate_per_s_))) {
    throw InputError("rate_per_s: " + std::to_string(rate_per_s_) + " is not above 0");
  }
}

LoadTest LoadTest::with_level(ServiceLevel level) const {
  return {requests_, rate_per_s_, std::move(level), options_, window_};
}

SimulationResult LoadTest::play(const ServingSystem& system, double rate_per_s) const {
  StretchedArrivals arrivals(requests_, rate_per_s_ / rate_per_s);
  return simulate(system, arrivals, options_);
}

double LoadTest::attainment(const ServingSystem& system, double rate_per_s) const {
  return slo_attainment(play(system, rate_per_s), level_, window_);
}

double LoadTest::lowest_deadline_scale(const ServingSystem& system,
                                       double rate_per_s,
                                       double target) const {
  return nearest_rank(normalised_latencies(play(system, rate_per_s), level_, window_), target);
}

RateLimit LoadTest::highest_rate(const ServingSystem& system, double target) const {
  RateLimit best;
  const auto passes = [&](double rate) {
    const double reached = attainment(system, rate);
    if (reached < target) {
      return false;
    }
    best = {.rate_per_s = rate, .attainment = reached};
    return true;
  };
  double failed = rate_per_s_;
  if (passes(rate_per_s_)) {
    for (int i = 0; i < kMaxDoublings && failed == best.rate_per_s; ++i) {
      failed *= 2;
      passes(failed);
    }
  } else {
    for (int i = 0; i < kMaxDoublings && !passes(failed / 2); ++i) {
      failed /= 2;
    }
  }
  while (best.rate_per_s > 0 && failed > best.rate_per_s * kRateResolution) {
    const double middle = std::sqrt(best.rate_per_s * failed);
    if (!passes(middle)) {
      failed = middle;
    }
  }
  return best;
}

}  // namespace hexgen
