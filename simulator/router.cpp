#include "simulator/router.h"

namespace hexgen {
namespace {

bool fits(const RequestSpec& request, const Replica& replica) {
  return replica.fits(request.prompt_tokens, request.output_tokens);
}

/// Smooth weighted round robin: every turn each replica gains its weight, the richest one is chosen
/// and pays what all gained. Over any run of turns a replica gets its share, evenly spread. Equal
/// weights make plain round robin.
class WeightedRouter final : public Router {
 public:
  explicit WeightedRouter(std::vector<double> weights)
      : weights_(std::move(weights)),
        credit_(weights_.size(), 0.0) {}

  int choose(const RequestSpec& request, const std::vector<Replica>& replicas) override {
    int best = -1;
    double gained = 0;
    for (std::size_t r = 0; r < replicas.size(); ++r) {
      if (!fits(request, replicas[r])) {
        continue;
      }
      credit_[r] += weights_[r];
      gained += weights_[r];
      if (best < 0 || credit_[r] > credit_[static_cast<std::size_t>(best)]) {
        best = static_cast<int>(r);
      }
    }
    if (best >= 0) {
      credit_[static_cast<std::size_t>(best)] -= gained;
    }
    return best;
  }

  bool reads_state() const override { return false; }

 private:
  std::vector<double> weights_;
  std::vector<double> credit_;
};

/// The replica whose outstanding work, this request included, ends first.
class LeastWorkRouter final : public Router {
 public:
  int choose(const RequestSpec& request, const std::vector<Replica>& replicas) override {
    int best = -1;
    SimTime best_work = kEndOfTime;
    for (std::size_t r = 0; r < replicas.size(); ++r) {
      if (!fits(request, replicas[r])) {
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
    case RouterKind::kRoundRobin:
      break;
  }
  return std::make_unique<WeightedRouter>(std::vector<double>(system.replicas.size(), 1.0));
}

}  // namespace hexgen
