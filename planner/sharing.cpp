#include "planner/sharing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cost_models/price.h"
#include "planner/cluster_change.h"
#include "planner/evolution.h"
#include "planner/group_labels.h"
#include "planner/population.h"
#include "planner/repair.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

constexpr int kRounds = 3;

std::unique_ptr<Planning> planning_alone(PlanningRequest request) {
  request.constraints.max_price_per_hour.reset();
  return std::make_unique<Planning>(std::move(request));
}

std::vector<std::unique_ptr<Planning>> plannings_of(const std::vector<PlanningRequest>& requests) {
  std::vector<std::unique_ptr<Planning>> plannings;
  for (const PlanningRequest& request : requests) {
    plannings.push_back(planning_alone(request));
    plannings.back()->require_room();
  }
  return plannings;
}

SearchSpace space_of(const std::vector<std::unique_ptr<Planning>>& plannings) {
  SearchSpace space = plannings.front()->space();
  for (const auto& planning : plannings) {
    const std::vector<double>& share = planning->space().model_share;
    std::transform(share.begin(),
                   share.end(),
                   space.model_share.begin(),
                   space.model_share.begin(),
                   [](double a, double b) { return std::max(a, b); });
  }
  return space;
}

/// Adds to the pipelines' device numbers in each node those that are taken.
Plan moved_up(const Plan& plan,
              const Cluster& cluster,
              int num_layers,
              std::vector<int>& taken_on) {
  const std::vector<int> shift = taken_on;
  std::vector<PipelineGroup> pipelines = plan.pipelines();
  for (PipelineGroup& pipeline : pipelines) {
    for (Stage& stage : pipeline.stages) {
      for (int& device : stage.devices) {
        const auto node = static_cast<std::size_t>(cluster.device(device).node);
        device += shift[node];
        ++taken_on[node];
      }
    }
  }
  return {std::move(pipelines), num_layers, cluster.num_devices()};
}

/// The devices that the parts of the other models have, as cluster_change.h names them.
std::vector<std::string> devices_of_others(const Cluster& cluster,
                                           const std::vector<std::vector<int>>& parts,
                                           std::size_t model) {
  std::vector<std::string> names;
  for (std::size_t node = 0; node < parts[model].size(); ++node) {
    for (int i = parts[model][node]; i < cluster.nodes()[node].gpus; ++i) {
      names.push_back(cluster.device_name(cluster.first_device(static_cast<int>(node)) + i));
    }
  }
  return names;
}

SearchStrategy strategy_for(const Planning& planning) {
  return evolutionary_strategy(planning.space(), [&planning](const Individual& individual) {
    return planning.estimate(individual);
  });
}

/// The best groups for one model on its part, in the nodes of the whole cluster.
Individual best_alone(const Planning& whole,
                      const std::vector<std::string>& lost,
                      const SearchSettings& settings,
                      const std::atomic<bool>& stop,
                      std::int64_t& evaluations) {
  const Cluster& cluster = whole.request().cluster;
  PlanningRequest request = whole.request();
  request.cluster = change_cluster(cluster, lost).usable;
  const Planning planning(std::move(request));
  const SearchResult result = evolve(
      strategy_for(planning),
      [&](const Individual& individual) { return planning.fitness(individual); },
      settings,
      [](const GenerationReport&) {},
      stop);
  evaluations += result.evaluations;
  Individual individual = result.best.individual;
  for (DeviceGroup& group : individual.groups) {
    for (NodeShare& share : group) {
      const std::string& name =
          planning.request().cluster.nodes()[static_cast<std::size_t>(share.node)].name;
      const auto same = std::find_if(cluster.nodes().begin(),
                                     cluster.nodes().end(),
                                     [&](const Node& node) { return node.name == name; });
      share.node = static_cast<int>(same - cluster.nodes().begin());
    }
  }
  return individual;
}

Individual all_groups(const ClusterDivision& division) {
  Individual all;
  for (const Individual& part : division) {
    all.groups.insert(all.groups.end(), part.groups.begin(), part.groups.end());
  }
  normalise(all);
  return all;
}

bool fits(const DeviceGroup& group, const Individual& individual, const Cluster& cluster) {
  const DeviceGroup idle = idle_devices(individual, cluster);
  return std::all_of(group.begin(), group.end(), [&](const NodeShare& share) {
    return devices_on(idle, share.node) >= share.devices;
  });
}

/// Groups of network-aware individuals of all models, one of each in turn while they find their
/// devices free.
Individual mixed_start(const ModelSharing& sharing, Random& random) {
  std::vector<std::vector<DeviceGroup>> wanted;
  for (std::size_t model = 0; model < sharing.num_models(); ++model) {
    wanted.push_back(network_aware_individual(sharing.planning(model).space(), random).groups);
    random.shuffle(wanted.back());
  }
  Individual individual;
  for (bool some_left = true; some_left;) {
    some_left = false;
    for (std::vector<DeviceGroup>& groups : wanted) {
      if (!groups.empty()) {
        some_left = true;
        if (fits(groups.back(), individual, sharing.cluster())) {
          individual.groups.push_back(groups.back());
        }
        groups.pop_back();
      }
    }
  }
  repair(individual, sharing.space(), random);
  return individual;
}

/// The search of one round and the best that it has seen in all.
class SharedSearch {
 public:
  SharedSearch(const ModelSharing& sharing,
               const SearchSettings& settings,
               const std::function<void(const GenerationReport&)>& on_generation,
               const std::atomic<bool>& stop)
      : sharing_(sharing),
        settings_(settings),
        on_generation_(on_generation),
        stop_(stop),
        headroom_(sharing.num_models(), 1.0) {}

  SharedCluster run() {
    const ClusterDivision halves = equal_halves();
    shared_.halves = sharing_.plans(halves);
    shared_.halves_fitness = sharing_.fitness(shared_.halves);
    shared_.plans = shared_.halves;
    shared_.fitness = shared_.halves_fitness;
    seeds_ = {all_groups(halves)};
    for (int round = 0; round < kRounds && (round == 0 || !stop_); ++round) {
      const ClusterDivision best = search();
      keep(sharing_.plans(best));
      if (!learn_headroom(best)) {
        break;
      }
    }
    return std::move(shared_);
  }

 private:
  ClusterDivision equal_halves() {
    const auto parts = equal_memory_parts(sharing_.cluster(), sharing_.num_models());
    ClusterDivision division;
    for (std::size_t model = 0; model < parts.size(); ++model) {
      division.push_back(best_alone(sharing_.planning(model),
                                    devices_of_others(sharing_.cluster(), parts, model),
                                    settings_,
                                    stop_,
                                    shared_.evaluations));
    }
    return division;
  }

  ClusterDivision search() {
    SearchStrategy strategy =
        evolutionary_strategy(sharing_.space(), [this](const Individual& individual) {
          return sharing_.estimate(sharing_.divide(individual, headroom_));
        });
    strategy.start = [this](Random& random) { return mixed_start(sharing_, random); };
    strategy.seeds = seeds_;
    const SearchResult result = evolve(
        strategy,
        [this](const Individual& individual) {
          return sharing_.fitness(sharing_.plans(sharing_.divide(individual, headroom_)));
        },
        settings_,
        on_generation_,
        stop_);
    shared_.evaluations += result.evaluations;
    seeds_.push_back(result.best.individual);
    return sharing_.divide(result.best.individual, headroom_);
  }

  void keep(std::vector<Plan> plans) {
    const Objective fitness = sharing_.fitness(plans);
    if (fitness > shared_.fitness) {
      shared_.plans = std::move(plans);
      shared_.fitness = fitness;
    }
  }

  /// False when there is nothing to learn: some model is not served, or all fall behind alike.
  bool learn_headroom(const ClusterDivision& division) {
    const std::vector<Plan> plans = sharing_.plans(division);
    std::vector<double> headroom;
    for (std::size_t model = 0; model < plans.size(); ++model) {
      const PlanningRequest& request = sharing_.planning(model).request();
      const double sustained_per_s =
          plans[model].empty()
              ? 0
              : sharing_.planning(model).evaluator().load_test().highest_rate(
                    make_serving_system(plans[model], request.model, request.cluster),
                    kTargetAttainment);
      if (sustained_per_s <= 0) {
        return false;
      }
      headroom.push_back(sharing_.expected_rate_per_s(division, model) / sustained_per_s);
    }
    std::swap(headroom, headroom_);
    constexpr double kAlike = 0.02;
    for (std::size_t model = 1; model < headroom.size(); ++model) {
      const double before = headroom[model] / headroom[0];
      const double now = headroom_[model] / headroom_[0];
      if (std::abs(now / before - 1) > kAlike) {
        return true;
      }
    }
    return false;
  }

  const ModelSharing& sharing_;
  const SearchSettings& settings_;
  const std::function<void(const GenerationReport&)>& on_generation_;
  const std::atomic<bool>& stop_;
  std::vector<double> headroom_;  // [model]
  std::vector<Individual> seeds_;
  SharedCluster shared_;
};

}  // namespace

ModelSharing::ModelSharing(const std::vector<PlanningRequest>& requests)
    : plannings_(plannings_of(requests)),
      together_({.max_price_per_hour = requests.front().constraints.max_price_per_hour}),
      space_(space_of(plannings_)) {
  space_.may_leave_idle = space_.may_leave_idle || together_.any();
}

ClusterDivision ModelSharing::divide(const Individual& individual,
                                     const std::vector<double>& headroom) const {
  const std::size_t groups = individual.groups.size();
  std::vector<std::vector<double>> speed(groups, std::vector<double>(num_models(), 0.0));
  for (std::size_t model = 0; model < num_models(); ++model) {
    bool some_in_time = false;
    for (const bool in_time : {true, false}) {
      for (std::size_t g = 0; g < groups && !some_in_time; ++g) {
        speed[g][model] = planning(model).expected_rate_per_s(individual.groups[g], in_time) /
                          (headroom[model] * rate_of(model));
      }
      some_in_time = some_in_time || std::any_of(speed.begin(), speed.end(), [&](const auto& row) {
                       return row[model] > 0;
                     });
    }
  }
  const std::vector<int> labels = label_groups(speed);
  ClusterDivision division(num_models(), {.groups = {}, .leniency = individual.leniency});
  for (std::size_t g = 0; g < groups; ++g) {
    if (labels[g] >= 0) {
      division[static_cast<std::size_t>(labels[g])].groups.push_back(individual.groups[g]);
    }
  }
  return division;
}

std::vector<Plan> ModelSharing::plans(const ClusterDivision& division) const {
  std::vector<int> taken_on(static_cast<std::size_t>(cluster().num_nodes()), 0);
  std::vector<Plan> plans;
  for (std::size_t model = 0; model < num_models(); ++model) {
    plans.push_back(moved_up(planning(model).plan(division[model]),
                             cluster(),
                             planning(model).request().model.num_layers,
                             taken_on));
  }
  return plans;
}

Objective ModelSharing::fitness(const std::vector<Plan>& plans) const {
  const ObjectiveKind objective = plannings_.front()->request().objective;
  Objective worst = {.score = std::numeric_limits<double>::infinity()};
  bool on_target = true;
  for (std::size_t model = 0; model < num_models(); ++model) {
    Objective fitness = planning(model).fitness(plans[model]);
    on_target = on_target && PlanEvaluator::on_target(fitness);
    if (objective == ObjectiveKind::kRate) {
      fitness.score /= rate_of(model);
    }
    worst.score = std::min(worst.score, fitness.score);
    worst.tie_break += fitness.tie_break;
  }
  const double price = price_per_hour(plans, cluster());
  const double budget = together_.max_price_per_hour.value_or(price);
  if (price > budget) {
    worst.score = std::min(worst.score, -1e100 * price / budget);
  } else if (objective == ObjectiveKind::kCost && on_target) {
    worst.score = -price;
  }
  return worst;
}

void ModelSharing::require_success(const std::vector<Plan>& plans) const {
  for (std::size_t model = 0; model < num_models(); ++model) {
    planning(model).require_success(plans[model]);
  }
  if (price_per_hour(plans, cluster()) > together_.max_price_per_hour.value_or(1e300)) {
    throw InfeasibleError("no division of cluster " + cluster().name() + " found that has " +
                          describe(together_));
  }
}

double ModelSharing::estimate(const ClusterDivision& division) const {
  const ObjectiveKind objective = plannings_.front()->request().objective;
  double worst = std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t model = 0; model < num_models(); ++model) {
    double estimate = -std::numeric_limits<double>::max();
    if (!division[model].groups.empty()) {
      estimate = planning(model).estimate(division[model]);
    }
    estimate /= objective == ObjectiveKind::kRate ? rate_of(model) : 1;
    worst = std::min(worst, estimate);
    sum += estimate;
  }
  return objective == ObjectiveKind::kCost ? sum : worst;
}

double ModelSharing::expected_rate_per_s(const ClusterDivision& division, std::size_t model) const {
  double rate_per_s = 0;
  for (const bool in_time : {true, false}) {
    for (const DeviceGroup& group : division[model].groups) {
      rate_per_s += planning(model).expected_rate_per_s(group, in_time);
    }
    if (rate_per_s > 0) {
      break;
    }
  }
  return rate_per_s;
}

std::vector<std::vector<int>> equal_memory_parts(const Cluster& cluster, std::size_t models) {
  if (static_cast<std::size_t>(cluster.num_devices()) < models) {
    throw InfeasibleError("cluster " + cluster.name() + " has " +
                          std::to_string(cluster.num_devices()) + " devices for " +
                          std::to_string(models) + " models");
  }

  struct Lot {
    std::size_t node;
    int devices;
    double bytes;
  };

  std::vector<Lot> lots;
  const auto nodes = static_cast<std::size_t>(cluster.num_nodes());
  for (std::size_t node = 0; node < nodes; ++node) {
    const int gpus = cluster.nodes()[node].gpus;
    const double bytes = cluster.gpu_of(cluster.first_device(static_cast<int>(node))).memory_bytes;
    for (int i = 0; i < (nodes < models ? gpus : 1); ++i) {
      lots.push_back(nodes < models ? Lot{node, 1, bytes} : Lot{node, gpus, gpus * bytes});
    }
  }
  std::stable_sort(
      lots.begin(), lots.end(), [](const Lot& a, const Lot& b) { return a.bytes > b.bytes; });
  std::vector<std::vector<int>> parts(models, std::vector<int>(nodes, 0));
  std::vector<double> bytes(models, 0.0);
  for (const Lot& lot : lots) {
    const auto poorest =
        static_cast<std::size_t>(std::min_element(bytes.begin(), bytes.end()) - bytes.begin());
    parts[poorest][lot.node] += lot.devices;
    bytes[poorest] += lot.bytes;
  }
  return parts;
}

SharedCluster share_cluster(const ModelSharing& sharing,
                            const SearchSettings& settings,
                            const std::function<void(const GenerationReport&)>& on_generation,
                            const std::atomic<bool>& stop) {
  SharedCluster shared = SharedSearch(sharing, settings, on_generation, stop).run();
  sharing.require_success(shared.plans);
  return shared;
}

}  // namespace hexgen
