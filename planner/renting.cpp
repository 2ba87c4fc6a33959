#include "planner/renting.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>

#include "planner/evolution.h"
#include "planner/machine_bundles.h"
#include "planner/machine_mix.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTrialPopulation = 16;
constexpr int kTrialGenerations = 8;
constexpr int kTrialStagnation = 4;
constexpr double kBudgetStep = 0.02;  // bisection of the budget ends here

std::string dollars(double price_per_hour) {
  char text[64];
  std::snprintf(text, sizeof text, "$%.2f per hour", price_per_hour);
  return text;
}

MixProblem mix_problem(const PriceList& list,
                       const std::vector<MachineBundle>& bundles,
                       int min_pipelines) {
  MixProblem problem = {.price_per_hour = {},
                        .available = list.available,
                        .configurations = {},
                        .requests = {1.0},
                        .budget_per_hour = 0,
                        .min_pipelines = min_pipelines};
  for (const Node& machine : list.machines.nodes()) {
    problem.price_per_hour.push_back(machine.price_per_hour);
  }
  for (const MachineBundle& bundle : bundles) {
    problem.configurations.push_back({.machines = bundle.machines,
                                      .rate_per_s = {bundle.rate_per_s},
                                      .pipelines = static_cast<int>(bundle.groups.size())});
  }
  return problem;
}

/// The groups of all bundles of a mix on the cluster of its machines.
Individual individual_of(const MachineMix& mix, const std::vector<MachineBundle>& bundles) {
  std::vector<int> next_node(mix.machines.size(), 0);
  std::exclusive_scan(mix.machines.begin(), mix.machines.end(), next_node.begin(), 0);
  Individual individual;
  for (std::size_t c = 0; c < bundles.size(); ++c) {
    for (int copy = 0; copy < mix.counts[c]; ++copy) {
      std::vector<int> node_of;  // [node of the bundle]
      for (std::size_t k = 0; k < next_node.size(); ++k) {
        for (int i = 0; i < bundles[c].machines[k]; ++i) {
          node_of.push_back(next_node[k]++);
        }
      }
      for (DeviceGroup group : bundles[c].groups) {
        for (NodeShare& share : group) {
          share.node = node_of[static_cast<std::size_t>(share.node)];
        }
        individual.groups.push_back(std::move(group));
      }
    }
  }
  normalise(individual);
  return individual;
}

class Renter {
 public:
  Renter(const PriceList& list,
         const PlanningRequest& request,
         const RentSettings& settings,
         const std::function<void(const TriedMix&)>& on_trial,
         const std::atomic<bool>& stop)
      : list_(list),
        request_(request),
        settings_(settings),
        on_trial_(on_trial),
        stop_(stop) {
    for (const bool in_time : {true, false}) {
      bundles_ = machine_bundles(list, request, in_time);
      problem_ = mix_problem(list, bundles_, request.constraints.min_pipelines);
      if (!mixes_within(budget(), 1).empty()) {
        return;
      }
    }
    throw InfeasibleError("model " + request.model.name + ": no mix of price list " +
                          list.machines.name() + " holds it for at most " + dollars(budget()) +
                          " (tried pipelines of up to 3 machines, and up to 8 of one offer)");
  }

  Rented rent() {
    const Candidate best = request_.objective == ObjectiveKind::kCost ? cheapest() : best_within();
    Rented rented = plan_on(best);
    rented.tried = std::move(tried_);
    rented.evaluations = evaluations_;
    return rented;
  }

 private:
  struct Candidate {
    std::vector<int> machines;
    double price_per_hour = 0;
    Member best;
    bool meets = false;
  };

  bool costs() const { return request_.objective == ObjectiveKind::kCost; }

  /// Most that may be spent.
  double budget() const {
    double everything = 0;
    for (std::size_t k = 0; k < list_.num_offers(); ++k) {
      everything += problem_.price_per_hour[k] * problem_.available[k];
    }
    return std::min(everything, request_.constraints.max_price_per_hour.value_or(everything));
  }

  std::vector<MachineMix> mixes_within(double budget_per_hour, int count) const {
    MixProblem problem = problem_;
    problem.budget_per_hour = budget_per_hour;
    return best_mixes(problem, static_cast<std::size_t>(count)).mixes;
  }

  double price_of(const std::vector<int>& machines) const {
    return std::inner_product(
        machines.begin(), machines.end(), problem_.price_per_hour.begin(), 0.0);
  }

  PlanningRequest request_on(const std::vector<int>& machines) const {
    PlanningRequest request = request_;
    request.cluster = rented_cluster(list_, machines);
    return request;
  }

  SearchResult search(const Planning& planning,
                      const Individual& seed,
                      SearchSettings settings,
                      const std::atomic<bool>& stop,
                      const std::function<void(const GenerationReport&)>& on_generation) {
    SearchStrategy strategy = evolutionary_strategy(
        planning.space(),
        [&planning](const Individual& individual) { return planning.estimate(individual); });
    strategy.seeds = {seed};
    settings.time_limit_s -= std::chrono::duration<double>(Clock::now() - started_).count();
    const SearchResult result = evolve(
        strategy,
        [&planning](const Individual& individual) { return planning.fitness(individual); },
        settings,
        on_generation,
        stop);
    evaluations_ += result.evaluations;
    return result;
  }

  /// Looks for a plan on the mix; with objective cost only until one keeps the target.
  const Candidate& tried(const MachineMix& mix) {
    const auto known = candidates_.find(mix.machines);
    if (known != candidates_.end()) {
      return known->second;
    }
    PlanningRequest request = request_on(mix.machines);
    request.objective = costs() ? ObjectiveKind::kAttainment : request.objective;
    const Planning planning(std::move(request));
    SearchSettings settings = settings_.search;
    settings.population = std::min(settings.population, kTrialPopulation);
    settings.generations = std::min(settings.generations, kTrialGenerations);
    settings.stagnation = std::min(settings.stagnation, kTrialStagnation);
    std::atomic<bool> enough = false;
    const SearchResult result =
        search(planning,
               individual_of(mix, bundles_),
               settings,
               enough,
               [&](const GenerationReport& report) {
                 enough = stop_ || (costs() && report.best.score >= kTargetAttainment);
               });
    const Candidate candidate = {
        .machines = mix.machines,
        .price_per_hour = price_of(mix.machines),
        .best = result.best,
        .meets = costs() && result.best.fitness.score >= kTargetAttainment};
    tried_.push_back({.machines = mix.machines,
                      .price_per_hour = candidate.price_per_hour,
                      .expected_per_s = mix.scale_per_s,
                      .fitness = candidate.best.fitness,
                      .meets = candidate.meets});
    on_trial_(tried_.back());
    return candidates_.emplace(mix.machines, candidate).first->second;
  }

  /// The first of the mixes that keeps the target; null when none does.
  const Candidate* first_that_meets(const std::vector<MachineMix>& mixes) {
    for (const MachineMix& mix : mixes) {
      if (tried(mix).meets) {
        return &tried(mix);
      }
      if (stop_) {
        break;
      }
    }
    return nullptr;
  }

  Candidate cheapest() {
    const Candidate* best = first_that_meets(mixes_within(budget(), settings_.rivals));
    if (best == nullptr) {
      throw InfeasibleError("model " + request_.model.name + ": no mix of price list " +
                            list_.machines.name() + " found that keeps the target for at most " +
                            dollars(budget()) + "; --objective attainment finds the best one");
    }
    double too_low = 0;
    while (!stop_ && best->price_per_hour - too_low > kBudgetStep * best->price_per_hour) {
      const double middle = (best->price_per_hour + too_low) / 2;
      const Candidate* cheaper = first_that_meets(mixes_within(middle, 1));
      too_low = cheaper == nullptr ? middle : too_low;
      best = cheaper == nullptr ? best : cheaper;
    }
    while (!stop_) {
      constexpr double kCheaper = 1 - 1e-6;
      const Candidate* cheaper =
          first_that_meets(mixes_within(kCheaper * best->price_per_hour, settings_.rivals));
      if (cheaper == nullptr) {
        break;
      }
      best = cheaper;
    }
    return *best;
  }

  Candidate best_within() {
    const Candidate* best = nullptr;
    for (const MachineMix& mix : mixes_within(budget(), settings_.rivals)) {
      const Candidate& candidate = tried(mix);
      if (best == nullptr || candidate.best.fitness > best->best.fitness) {
        best = &candidate;
      }
      if (stop_) {
        break;
      }
    }
    return *best;
  }

  Rented plan_on(const Candidate& candidate) {
    const Planning planning(request_on(candidate.machines));
    const SearchResult result = search(
        planning, candidate.best.individual, settings_.search, stop_, [](const GenerationReport&) {
        });
    Plan plan = planning.plan(result.best.individual);
    planning.require_success(plan);
    return without_idle({.machines = candidate.machines,
                         .cluster = planning.request().cluster,
                         .plan = std::move(plan),
                         .tried = {},
                         .evaluations = 0});
  }

  /// The same plan on the machines that it uses.
  Rented without_idle(Rented rented) const {
    std::vector<bool> used(static_cast<std::size_t>(rented.cluster.num_nodes()), false);
    std::vector<PipelineGroup> pipelines = rented.plan.pipelines();
    for_each_device(pipelines, [&](int& device) {
      used[static_cast<std::size_t>(rented.cluster.device(device).node)] = true;
    });
    std::vector<std::string> idle;
    std::size_t node = 0;
    for (int& count : rented.machines) {
      for (int i = count; i > 0; --i, ++node) {
        if (!used[node]) {
          idle.push_back(rented.cluster.nodes()[node].name);
          --count;
        }
      }
    }
    const Cluster left = without_nodes(rented.cluster, idle);
    for_each_device(pipelines, [&](int& device) {
      device = left.device_id(rented.cluster.device_name(device));
    });
    rented.plan = Plan(std::move(pipelines), request_.model.num_layers, left.num_devices());
    rented.cluster = left;
    return rented;
  }

  template <typename Visit>
  static void for_each_device(std::vector<PipelineGroup>& pipelines, const Visit& visit) {
    for (PipelineGroup& pipeline : pipelines) {
      for (Stage& stage : pipeline.stages) {
        std::for_each(stage.devices.begin(), stage.devices.end(), visit);
      }
    }
  }

  const PriceList& list_;
  const PlanningRequest& request_;
  const RentSettings& settings_;
  const std::function<void(const TriedMix&)>& on_trial_;
  const std::atomic<bool>& stop_;
  Clock::time_point started_ = Clock::now();
  std::vector<MachineBundle> bundles_;
  MixProblem problem_;
  std::map<std::vector<int>, Candidate> candidates_;  // [machines]
  std::vector<TriedMix> tried_;
  std::int64_t evaluations_ = 0;
};

}  // namespace

Rented rent(const PriceList& list,
            const PlanningRequest& request,
            const RentSettings& settings,
            const std::function<void(const TriedMix&)>& on_trial,
            const std::atomic<bool>& stop) {
  return Renter(list, request, settings, on_trial, stop).rent();
}

}  // namespace hexgen
