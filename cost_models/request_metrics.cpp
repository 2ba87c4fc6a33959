#include "cost_models/request_metrics.h"

#include <algorithm>
#include <cmath>

namespace hexgen {
namespace {

/// The window's requests, as a range.
class WindowRequests {
 public:
  WindowRequests(const std::vector<RequestOutcome>& requests, const MeasurementWindow& window)
      : begin_(requests.begin() +
               static_cast<std::ptrdiff_t>(window.first_request(requests.size()))),
        end_(requests.end()) {}

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

void add_latencies(const WindowRequests& requests, RequestMetrics& metrics) {
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

void add_throughput(const WindowRequests& requests, double end_s, RequestMetrics& metrics) {
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
std::int64_t most_at_once(const std::vector<RequestOutcome>& requests) {
  std::vector<SimTime> ends;
  for (const RequestOutcome& request : requests) {
    if (request.completed()) {
      ends.push_back(request.last_token);
    }
  }
  std::sort(ends.begin(), ends.end());
  std::int64_t inside = 0;
  std::int64_t most = 0;
  auto next_end = ends.begin();
  for (const RequestOutcome& request : requests) {
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

std::vector<std::string> saturated_replicas(const std::vector<std::string>& replicas,
                                            const std::vector<RequestOutcome>& requests,
                                            const MeasurementWindow& window) {
  std::vector<WaitingTrend> trends(replicas.size());
  for (const RequestOutcome& request : WindowRequests(requests, window)) {
    if (request.completed()) {
      trends[static_cast<std::size_t>(request.replica)].add(request);
    }
  }
  std::vector<std::string> names;
  for (std::size_t r = 0; r < trends.size(); ++r) {
    if (trends[r].grows()) {
      names.push_back(replicas[r]);
    }
  }
  return names;
}

double arrival_rate_per_s(const std::vector<RequestOutcome>& requests) {
  if (requests.empty()) {
    return 0;
  }
  const double span_s = to_seconds(requests.back().arrival - requests.front().arrival);
  return span_s > 0 ? static_cast<double>(requests.size() - 1) / span_s : 0;
}

RequestMetrics measure_requests(const std::vector<std::string>& replicas,
                                const std::vector<RequestOutcome>& requests,
                                double end_s,
                                const ServiceLevel& level,
                                const MeasurementWindow& window) {
  const WindowRequests counted(requests, window);
  RequestMetrics metrics = {
      .warmup_requests = static_cast<std::int64_t>(window.first_request(requests.size())),
      .max_concurrent_requests = most_at_once(requests)};
  add_latencies(counted, metrics);
  add_throughput(counted, end_s, metrics);
  metrics.saturated_replicas = saturated_replicas(replicas, requests, window);
  metrics.slo_attainment = attainment(counted, level);
  metrics.goodput_per_s =
      per(metrics.slo_attainment * static_cast<double>(counted.size()), metrics.duration_s);
  return metrics;
}

double slo_attainment(const std::vector<RequestOutcome>& requests,
                      const ServiceLevel& level,
                      const MeasurementWindow& window) {
  return attainment(WindowRequests(requests, window), level);
}

std::vector<double> normalised_latencies(const std::vector<RequestOutcome>& requests,
                                         const ServiceLevel& level,
                                         const MeasurementWindow& window) {
  std::vector<double> latencies;
  for (const RequestOutcome& request : WindowRequests(requests, window)) {
    latencies.push_back(level.normalised_latency(request));
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

}  // namespace hexgen
