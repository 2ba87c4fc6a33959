#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost_models/request_outcome.h"
#include "cost_models/service_level.h"
#include "cost_models/statistics.h"

namespace hexgen {

/// Which requests count: all that arrived after the first `warmup_share` of the arrivals, which
/// meet a system that is still filling. Everything is run to its end, so none is cut off.
struct MeasurementWindow {
  double warmup_share = 0.1;  // in [0, 1); the number is rounded down

  /// Number of the first that counts, of so many arrivals.
  std::size_t first_request(std::size_t requests) const;
};

/// What requests got, simulated or real: of the window's, but for what is said to be of the whole
/// run. docs/SIMULATOR.md defines each.
struct RequestMetrics {
  std::int64_t warmup_requests = 0;  // left out
  std::int64_t requests = 0;         // of the window; = completed + failed + rejected + in_flight
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t rejected = 0;
  std::int64_t in_flight = 0;      // at the horizon
  std::int64_t retries = 0;        // of all requests of the window
  std::int64_t prompt_tokens = 0;  // of completed requests, like all that follows
  std::int64_t output_tokens = 0;
  double duration_s = 0;  // from the first arrival of the window to the last token
  double requests_per_s = 0;
  double output_tokens_per_s = 0;
  double total_tokens_per_s = 0;

  Distribution ttft;
  Distribution tpot;  // without requests of one output token, which have none
  Distribution itl;   // whole run; empty unless the gaps were recorded
  Distribution e2e;

  double slo_attainment = 0;  // share of all requests of the window that met all limits
  double goodput_per_s = 0;   // those requests over duration_s
  std::vector<std::string> saturated_replicas;  // see WaitingTrend
  std::int64_t max_concurrent_requests = 0;     // whole run, waiting or running at one time
};

/// How the waiting times of one replica's requests run over their arrival times: the least-squares
/// line, by running sums.
class WaitingTrend {
 public:
  void add(const RequestOutcome& request);

  /// True when waiting keeps growing: the line rises by more than 0.02 s a second, as when over 2 %
  /// of the work is left behind, and explains more than half of the variance. Latencies then say
  /// how long the run was, not how good the system is. False for fewer than 30 requests.
  bool grows() const;

 private:
  double count_ = 0;
  double mean_x_ = 0;  // arrival, s
  double mean_y_ = 0;  // TTFT, s
  double xx_ = 0;      // sums of products of the distances from the means
  double xy_ = 0;
  double yy_ = 0;
};

/// Names of the replicas on which the waiting of the window's requests grows; `replicas` has the
/// names of all.
std::vector<std::string> saturated_replicas(const std::vector<std::string>& replicas,
                                            const std::vector<RequestOutcome>& requests,
                                            const MeasurementWindow& window = {});

/// (requests - 1) / (last arrival - first arrival); 0 when all arrive at once.
double arrival_rate_per_s(const std::vector<RequestOutcome>& requests);

/// `requests` in order of arrival, `end_s` the last token's time. Leaves `itl` empty.
RequestMetrics measure_requests(const std::vector<std::string>& replicas,
                                const std::vector<RequestOutcome>& requests,
                                double end_s,
                                const ServiceLevel& level,
                                const MeasurementWindow& window = {});

/// Share of the window's requests that met all limits; a rejected one did not. 1 for an empty
/// window.
double slo_attainment(const std::vector<RequestOutcome>& requests,
                      const ServiceLevel& level,
                      const MeasurementWindow& window = {});

/// E2E latencies of the window's requests as multiples of the reference latency, ascending.
std::vector<double> normalised_latencies(const std::vector<RequestOutcome>& requests,
                                         const ServiceLevel& level,
                                         const MeasurementWindow& window = {});

}  // namespace hexgen
