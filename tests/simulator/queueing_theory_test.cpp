#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "tests/simulator/systems.h"

// Mean waiting times against queueing theory: ten replications a load, with the 99.9 % confidence
// interval of Student's t at 9 degrees of freedom.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr int kReplications = 10;
constexpr double kStudentT = 4.781;  // two-sided 0.1 %, 9 degrees of freedom

struct Estimate {
  double mean = 0;
  double half_width = 0;
};

Estimate replicate(const std::function<double(std::uint64_t)>& run) {
  std::vector<double> means;
  for (std::uint64_t seed = 1; seed <= kReplications; ++seed) {
    means.push_back(run(seed));
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / kReplications;
  double squares = 0;
  for (const double value : means) {
    squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / (kReplications - 1));
  return {mean, kStudentT * deviation / std::sqrt(kReplications)};
}

/// Mean time until the first token, less `service_s`, without the first tenth of the requests.
double mean_wait_s(const SimulationResult& result, double service_s) {
  const std::size_t first = result.requests.size() / 10;
  double sum = 0;
  for (std::size_t i = first; i < result.requests.size(); ++i) {
    sum += result.requests[i].ttft_s();
  }
  return sum / static_cast<double>(result.requests.size() - first) - service_s;
}

/// Single-token requests at `rate` a second.
Workload poisson(double rate, std::int64_t requests, TokenDistribution prompt = {}) {
  return {.name = "theory",
          .arrivals = {.rate_per_s = rate, .requests = requests},
          .prompt_tokens = std::move(prompt),
          .output_tokens = {.value = 1},
          .slo = {}};
}

SimulationOptions whole_prompts() {
  SimulationOptions options;
  options.max_batched_tokens = 1 << 30;
  return options;
}

void check_estimate(const Estimate& estimate, double expected) {
  CAPTURE(expected);
  CAPTURE(estimate.mean);
  CAPTURE(estimate.half_width);
  CHECK(std::abs(estimate.mean - expected) < estimate.half_width);
  // The interval says something: it is narrow beside the value.
  CHECK(estimate.half_width < 0.15 * expected);
}

}  // namespace

TEST_CASE("M/D/1: waiting is rho / (2 (1 - rho)) services") {
  const auto system = one_replica(fixed_replica({1.0}));
  for (const double load : {0.3, 0.5, 0.7, 0.9, 0.95}) {
    CAPTURE(load);
    const Estimate estimate = replicate([&](std::uint64_t seed) {
      const auto arrivals = generate_arrivals(poisson(load, 100000), seed);
      return mean_wait_s(simulate(system, *arrivals, {}), 1.0);
    });
    check_estimate(estimate, load / (2 * (1 - load)));
  }
}

TEST_CASE("M/M/1: waiting is rho / (1 - rho) services") {
  // Prompts of exponential length, mean 10,000 tokens of 0.1 ms each, at least one: service is
  // exponential with mean 1 s up to the rounding to whole tokens.
  ReplicaModel replica = fixed_replica({0.0});
  replica.stages[0].elementwise_s_per_token = 1e-4;
  const TokenDistribution lengths = {.kind = TokenDistribution::Kind::kExponential, .mean = 10000};
  for (const double load : {0.3, 0.5, 0.7, 0.9, 0.95}) {
    CAPTURE(load);
    const Estimate estimate = replicate([&](std::uint64_t seed) {
      const auto arrivals = generate_arrivals(poisson(load, 200000, lengths), seed);
      return mean_wait_s(simulate(one_replica(replica), *arrivals, whole_prompts()), 1.0);
    });
    check_estimate(estimate, load / (1 - load));
  }
}

TEST_CASE("M/M/c: unlike routers, the shortest completion shares one queue") {
  // Erlang C: with a = rate x service, W = service / (c - a) * C(c, a), where
  // C = (a^c / c! * c / (c - a)) / (sum over k < c of a^k / k! + the same).
  const TokenDistribution lengths = {.kind = TokenDistribution::Kind::kExponential, .mean = 10000};
  ReplicaModel replica = fixed_replica({0.0});
  replica.stages[0].elementwise_s_per_token = 1e-4;
  SimulationOptions options = whole_prompts();
  options.router = RouterKind::kShortestCompletion;
  // Each request less its own service: where nearly nobody waits, the spread of the services would
  // hide the waiting.
  const auto wait_s = [](const SimulationResult& result) {
    const std::size_t first = result.requests.size() / 10;
    double sum = 0;
    for (std::size_t i = first; i < result.requests.size(); ++i) {
      sum += result.requests[i].ttft_s() - 1e-4 * result.requests[i].prompt_tokens;
    }
    return sum / static_cast<double>(result.requests.size() - first);
  };
  for (const int servers : {2, 5}) {
    const ServingSystem system = {
        .replicas = std::vector<ReplicaModel>(static_cast<std::size_t>(servers), replica)};
    for (const double load : {0.3, 0.5, 0.7, 0.9, 0.95}) {
      CAPTURE(servers);
      CAPTURE(load);
      const double offered = load * servers;
      double below = 0;
      double term = 1;  // offered^k / k!
      for (int k = 0; k < servers; ++k) {
        below += term;
        term *= offered / (k + 1);
      }
      const double all_busy = term / (1 - load);
      const double wait = all_busy / (below + all_busy) / (servers - offered);
      const Estimate estimate = replicate([&](std::uint64_t seed) {
        const auto arrivals = generate_arrivals(poisson(offered, 200000, lengths), seed);
        return wait_s(simulate(system, *arrivals, options));
      });
      check_estimate(estimate, wait);
    }
  }
}

TEST_CASE("two stages in tandem wait as the slower one would alone") {
  // Deterministic tandem (Friedman 1965): the order of the stages does not matter and all waiting
  // is that of M/D/1 with the longer service; 1.2 s and 0.8 s, whichever comes first.
  const double rate = 0.6;
  const double load = rate * 1.2;
  const double wait = 1.2 * load / (2 * (1 - load));
  for (const auto& stages : {std::vector{1.2, 0.8}, std::vector{0.8, 1.2}}) {
    const auto system = one_replica(fixed_replica(stages, 2));
    const Estimate estimate = replicate([&](std::uint64_t seed) {
      const auto arrivals = generate_arrivals(poisson(rate, 100000), seed);
      return mean_wait_s(simulate(system, *arrivals, {}), 2.0);
    });
    check_estimate(estimate, wait);
  }
}

namespace {

/// Mean waiting time in the queue when a server takes all waiting requests, at most `limit`, and
/// serves k of them together in service_s(k). Embedded Markov chain of the number waiting when a
/// service ends, cut at kStates and solved by power iteration; time averages by renewal-reward.
double bulk_service_wait_s(double rate, int limit, const std::function<double(int)>& service_s) {
  constexpr int kStates = 150;
  std::vector<std::vector<double>> arrivals;  // [k][n]: probability of n arrivals in service_s(k)
  for (int k = 0; k <= limit; ++k) {
    const double mean = rate * service_s(k);
    std::vector<double> poisson = {std::exp(-mean)};
    for (int n = 1; n < kStates; ++n) {
      poisson.push_back(poisson.back() * mean / n);
    }
    arrivals.push_back(std::move(poisson));
  }
  const auto taken = [limit](int waiting) { return std::min(std::max(waiting, 1), limit); };
  std::vector<double> share(kStates, 1.0 / kStates);
  for (int iteration = 0; iteration < 1000; ++iteration) {
    std::vector<double> next(kStates, 0.0);
    for (int n = 0; n < kStates; ++n) {
      const int k = taken(n);
      const int left = std::max(n - k, 0);
      for (int m = left; m < kStates; ++m) {
        next[static_cast<std::size_t>(m)] +=
            share[static_cast<std::size_t>(n)] *
            arrivals[static_cast<std::size_t>(k)][static_cast<std::size_t>(m - left)];
      }
    }
    const double sum = std::accumulate(next.begin(), next.end(), 0.0);
    for (double& value : next) {
      value /= sum;
    }
    share = std::move(next);
  }
  double queue_seconds = 0;
  double seconds = 0;
  for (int n = 0; n < kStates; ++n) {
    const double service = service_s(taken(n));
    const double left = std::max(n - taken(n), 0);
    queue_seconds +=
        share[static_cast<std::size_t>(n)] * (left * service + rate * service * service / 2);
    seconds += share[static_cast<std::size_t>(n)] * (service + (n == 0 ? 1 / rate : 0.0));
  }
  return queue_seconds / seconds / rate;  // Little's law
}

}  // namespace

TEST_CASE("batch service waits as the exact Markov chain says") {
  // Batches of up to 4 single-token prompts; k of them take 0.4 + 0.1 k seconds.
  ReplicaModel replica = fixed_replica({0.4}, 4);
  replica.stages[0].elementwise_s_per_token = 0.1;
  const auto service_s = [](int k) { return 0.4 + 0.1 * k; };
  SimulationOptions options = whole_prompts();
  for (const double rate : {1.0, 2.5, 4.0}) {  // of at most 4 / 0.8 = 5 a second
    CAPTURE(rate);
    const double wait = bulk_service_wait_s(rate, 4, service_s);
    for (const auto policy : {BatchPolicyKind::kOneBatch, BatchPolicyKind::kContinuous}) {
      options.policy = policy;  // alike for single-token requests
      const Estimate estimate = replicate([&](std::uint64_t seed) {
        const auto arrivals = generate_arrivals(poisson(rate, 100000, {.value = 1}), seed);
        const auto result = simulate(one_replica(replica), *arrivals, options);
        // The requests of a batch are served together, so service is what its stage was busy for,
        // weighted by the batch size: subtract it request by request.
        double service_sum = 0;
        std::size_t begin = 0;
        for (std::size_t i = 1; i <= result.requests.size(); ++i) {
          if (i == result.requests.size() ||
              result.requests[i].first_token != result.requests[begin].first_token) {
            service_sum += static_cast<double>(i - begin) * service_s(static_cast<int>(i - begin));
            begin = i;
          }
        }
        return mean_wait_s(result, service_sum / static_cast<double>(result.requests.size()));
      });
      check_estimate(estimate, wait);
    }
  }
}

TEST_CASE("Little's law holds: requests present = rate x time in the system") {
  const auto arrivals = generate_arrivals(
      {.name = "little",
       .arrivals = {.rate_per_s = 3, .requests = 20000},
       .prompt_tokens = {.value = 50},
       .output_tokens = {.kind = TokenDistribution::Kind::kUniform, .min = 1, .max = 20},
       .slo = {}},
      1);
  const auto result = simulate(one_replica(fixed_replica({0.05, 0.08}, 32)), *arrivals, {});
  // Number present sampled every 0.1 s, without looking at any request's own latency.
  std::vector<SimTime> arrived;
  std::vector<SimTime> left;
  double latency_sum = 0;
  for (const RequestOutcome& request : result.requests) {
    arrived.push_back(request.arrival);
    left.push_back(request.last_token);
    latency_sum += request.e2e_s();
  }
  std::sort(left.begin(), left.end());
  double present_sum = 0;
  std::int64_t samples = 0;
  for (SimTime now = 0; now < left.back(); now += 100000000, ++samples) {
    present_sum += static_cast<double>(
        (std::upper_bound(arrived.begin(), arrived.end(), now) - arrived.begin()) -
        (std::upper_bound(left.begin(), left.end(), now) - left.begin()));
  }
  const double present = present_sum / static_cast<double>(samples);
  CHECK(present == doctest::Approx(latency_sum / result.end_s).epsilon(0.01));
}
