#include "simulator/router.h"

#include <algorithm>

#include "cost_models/weighted_turns.h"

namespace hexgen {
namespace {

bool can_take(const RequestSpec& request, const Replica& replica) {
  return replica.up() && replica.fits(request.prompt_tokens, request.output_tokens);
}

/// Each replica gets its share of the requests, evenly spread.
class WeightedRouter final : public Router {
 public:
  explicit WeightedRouter(std::vector<double> weights)
      : turns_(std::move(weights)) {}

  int choose(const RequestSpec& request,
             SimTime /*now*/,
             const std::vector<Replica>& replicas) override {
    return turns_.next([&](std::size_t r) { return can_take(request, replicas[r]); });
  }

  bool reads_state() const override { return false; }

 private:
  WeightedTurns turns_;
};

/// The replica whose outstanding work, this request included, ends first.
class LeastWorkRouter final : public Router {
 public:
  int choose(const RequestSpec& request,
             SimTime /*now*/,
             const std::vector<Replica>& replicas) override {
    int best = -1;
    SimTime best_work = kEndOfTime;
    for (std::size_t r = 0; r < replicas.size(); ++r) {
      if (!can_take(request, replicas[r])) {
        continue;
      }
      const SimTime work = replicas[r].outstanding_work() +
                           replicas[r].work(request.prompt_tokens, request.output_tokens);
      if (work < best_work) {
        best = static_cast<int>(r);
        best_work = work;
      }
    }
    return best;
  }

  bool reads_state() const override { return true; }
};

/// Join the shortest expected completion: the work sent to a replica and not yet done at full
/// speed, then the request's own latency beside the requests that are there. Exact for replicas of
/// one stage and one request at a time; there it is one queue in common for all servers.
class ShortestCompletionRouter final : public Router {
 public:
  explicit ShortestCompletionRouter(const ServingSystem& system)
      : system_(system),
        free_at_(system.replicas.size()) {}

  int choose(const RequestSpec& request,
             SimTime now,
             const std::vector<Replica>& replicas) override {
    int best = -1;
    SimTime best_end = kEndOfTime;
    for (std::size_t r = 0; r < replicas.size(); ++r) {
      if (!can_take(request, replicas[r])) {
        continue;
      }
      const SimTime end = std::max(free_at_[r], now) + latency(request, r, replicas[r]);
      if (end < best_end) {
        best = static_cast<int>(r);
        best_end = end;
      }
    }
    if (best >= 0) {
      SimTime& free_at = free_at_[static_cast<std::size_t>(best)];
      free_at = std::max(free_at, now) + replicas[static_cast<std::size_t>(best)].work(
                                             request.prompt_tokens, request.output_tokens);
    }
    return best;
  }

  void lost(int replica, SimTime now) override {
    free_at_[static_cast<std::size_t>(replica)] = now;
  }

  bool reads_state() const override { return true; }

 private:
  SimTime latency(const RequestSpec& request, std::size_t index, const Replica& replica) const {
    const auto& stages = system_.replicas[index].stages;
    const auto of_batch = [&](double batch) {
      return request_latency(stages, request.prompt_tokens, request.output_tokens, batch);
    };
    return to_sim_time(of_batch(1).prefill_s + of_batch(replica.batch_with_one_more()).decode_s);
  }

  const ServingSystem& system_;
  std::vector<SimTime> free_at_;
};

std::vector<double> plan_weights(const ServingSystem& system) {
  std::vector<double> weights;
  for (const ReplicaModel& replica : system.replicas) {
    weights.push_back(replica.weight);
  }
  return weights;
}

}  // namespace

std::unique_ptr<Router> make_router(RouterKind kind, const ServingSystem& system) {
  switch (kind) {
    case RouterKind::kPlanWeights:
      return std::make_unique<WeightedRouter>(plan_weights(system));
    case RouterKind::kLeastWork:
      return std::make_unique<LeastWorkRouter>();
    case RouterKind::kShortestCompletion:
      return std::make_unique<ShortestCompletionRouter>(system);
    case RouterKind::kRoundRobin:
      break;
  }
  return std::make_unique<WeightedRouter>(std::vector<double>(system.replicas.size(), 1.0));
}

}  // namespace hexgen
