#include "simulator/metrics.h"

#include <algorithm>
#include <cmath>

#include "profiles/units.h"

namespace hexgen {
namespace {

/// The window's requests, as a range.
class WindowRequests {
 public:
  WindowRequests(const SimulationResult& result, const MeasurementWindow& window)
      : begin_(result.requests.begin() +
               static_cast<std::ptrdiff_t>(window.first_request(result.requests.size()))),
        end_(result.requests.end()) {}

  auto begin() const { return begin_; }

  auto end() const { return end_; }

  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

 private:
  std::vector<RequestOutcome>::const_iterator begin_;
  std::vector<RequestOutcome>::const_iterator end_;
};

template <typename Accept, typename Value>
Distribution distribution(const WindowRequests& requests, Accept accept, Value value) {
  std::vector<double> samples;
  samples.reserve(requests.size());
  for (const RequestOutcome& request : requests) {
    if (request.completed() && accept(request)) {
      samples.push_back(value(request));
    }
  }
  return distribution_of(std::move(samples));
}

void add_latencies(const WindowRequests& requests, Metrics& metrics) {
  const auto any = [](const RequestOutcome&) { return true; };
  const auto several_tokens = [](const RequestOutcome& r) { return r.output_tokens > 1; };
  metrics.ttft = distribution(requests, any, [](const RequestOutcome& r) { return r.ttft_s(); });
  metrics.e2e = distribution(requests, any, [](const RequestOutcome& r) { return r.e2e_s(); });
  metrics.tpot =
      distribution(requests, several_tokens, [](const RequestOutcome& r) { return r.tpot_s(); });
}

double per(double amount, double divisor) {
  return divisor > 0 ? amount / divisor : 0;
}

void add_throughput(const WindowRequests& requests, double end_s, Metrics& metrics) {
  metrics.requests = static_cast<std::int64_t>(requests.size());
  for (const RequestOutcome& request : requests) {
    metrics.failed += request.state == RequestState::kFailed ? 1 : 0;
    metrics.rejected += request.state == RequestState::kRejected ? 1 : 0;
    metrics.in_flight += request.state == RequestState::kInFlight ? 1 : 0;
    metrics.retries += request.retries;
    if (request.completed()) {
      ++metrics.completed;
      metrics.prompt_tokens += request.prompt_tokens;
      metrics.output_tokens += request.output_tokens;
    }
  }
  metrics.duration_s = metrics.completed > 0 ? end_s - requests.begin()->arrival_s() : 0;
  const auto output = static_cast<double>(metrics.output_tokens);
  metrics.requests_per_s = per(static_cast<double>(metrics.completed), metrics.duration_s);
  metrics.output_tokens_per_s = per(output, metrics.duration_s);
  metrics.total_tokens_per_s =
      per(output + static_cast<double>(metrics.prompt_tokens), metrics.duration_s);
}

double attainment(const WindowRequests& requests, const ServiceLevel& level) {
  const auto met = std::count_if(
      requests.begin(), requests.end(), [&](const RequestOutcome& r) { return level.met_by(r); });
  return requests.size() == 0 ? 1.0
                              : static_cast<double>(met) / static_cast<double>(requests.size());
}

/// The most requests in the system at one time; one that leaves makes room for one that comes.
std::int64_t most_at_once(const SimulationResult& result) {
  std::vector<SimTime> ends;
  for (const RequestOutcome& request : result.requests) {
    if (request.completed()) {
      ends.push_back(request.last_token);
    }
  }
  std::sort(ends.begin(), ends.end());
  std::int64_t inside = 0;
  std::int64_t most = 0;
  auto next_end = ends.begin();
  for (const RequestOutcome& request : result.requests) {
    for (; next_end != ends.end() && *next_end <= request.arrival; ++next_end) {
      --inside;
    }
    inside += request.completed() ? 1 : 0;
    most = std::max(most, inside);
  }
  return most;
}

}  // namespace

std::size_t MeasurementWindow::first_request(std::size_t requests) const {
  return static_cast<std::size_t>(std::floor(warmup_share * static_cast<double>(requests)));
}

// Welford's updates, as plain sums of squares would cancel.
void WaitingTrend::add(const RequestOutcome& request) {
  count_ += 1;
  const double dx = request.arrival_s() - mean_x_;
  const double dy = request.ttft_s() - mean_y_;
  mean_x_ += dx / count_;
  mean_y_ += dy / count_;
  const double dy_after = request.ttft_s() - mean_y_;
  xx_ += dx * (request.arrival_s() - mean_x_);
  xy_ += dx * dy_after;
  yy_ += dy * dy_after;
}

bool WaitingTrend::grows() const {
  constexpr double kGrowth = 0.02;  // seconds of waiting a second
  constexpr double kFewest = 30;
  return count_ >= kFewest && xy_ > kGrowth * xx_ && xy_ * xy_ > 0.5 * xx_ * yy_;
}

std::vector<std::string> saturated_replicas(const ServingSystem& system,
                                            const SimulationResult& result,
                                            const MeasurementWindow& window) {
  std::vector<WaitingTrend> trends(system.replicas.size());
  for (const RequestOutcome& request : WindowRequests(result, window)) {
    if (request.completed()) {
      trends[static_cast<std::size_t>(request.replica)].add(request);
    }
  }
  std::vector<std::string> names;
  for (std::size_t r = 0; r < trends.size(); ++r) {
    if (trends[r].grows()) {
      names.push_back(system.replicas[r].name);
    }
  }
  return names;
}

Metrics measure(const ServingSystem& system,
                const SimulationResult& result,
                const ServiceLevel& level,
                const MeasurementWindow& window) {
  const WindowRequests requests(result, window);
  Metrics metrics = {
      .warmup_requests = static_cast<std::int64_t>(window.first_request(result.requests.size())),
      .simulated_s = result.end_s,
      .max_concurrent_requests = most_at_once(result),
      .preemptions = result.preemptions,
      .iterations = result.iterations,
      .outside_measured = result.outside_measured,
      .farthest_outside = result.farthest_outside};
  add_latencies(requests, metrics);
  metrics.itl = result.token_gaps.distribution();
  add_throughput(requests, result.end_s, metrics);
  metrics.saturated_replicas = saturated_replicas(system, result, window);
  metrics.slo_attainment = attainment(requests, level);
  metrics.goodput_per_s =
      per(metrics.slo_attainment * static_cast<double>(requests.size()), metrics.duration_s);
  for (const auto& stages : result.stage_busy_s) {
    auto& utilisation = metrics.stage_utilisation.emplace_back();
    for (const double busy_s : stages) {
      utilisation.push_back(per(busy_s, result.end_s));
    }
  }
  metrics.price_per_hour = system.price_per_hour;
  metrics.price_per_million_output_tokens =
      per(system.price_per_hour / kSecondsPerHour * kMega, metrics.output_tokens_per_s);
  return metrics;
}

double slo_attainment(const SimulationResult& result,
                      const ServiceLevel& level,
                      const MeasurementWindow& window) {
  return attainment(WindowRequests(result, window), level);
}

std::vector<double> normalised_latencies(const SimulationResult& result,
                                         const ServiceLevel& level,
                                         const MeasurementWindow& window) {
  std::vector<double> latencies;
  for (const RequestOutcome& request : WindowRequests(result, window)) {
    latencies.push_back(level.normalised_latency(request));
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

}  // namespace hexgen
