#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "planner/planning.h"
#include "planner/search.h"

namespace hexgen {

/// A cluster divided among models: [model] the groups that serve it; no device is in two.
using ClusterDivision = std::vector<Individual>;

/// Several models with a workload each on one cluster. Thread-safe once made.
class ModelSharing {
 public:
  /// One request a model, all over the same cluster, with the same objective and constraints. The
  /// budget counts for all models together, everything else for each.
  explicit ModelSharing(const std::vector<PlanningRequest>& requests);

  std::size_t num_models() const { return plannings_.size(); }

  const Planning& planning(std::size_t model) const { return *plannings_[model]; }

  const Cluster& cluster() const { return plannings_.front()->request().cluster; }

  /// Moves and repair for groups any of which may hold at least one of the models.
  const SearchSpace& space() const { return space_; }

  /// Gives each group of the individual to a model (planner/group_labels.h). `headroom[model]`:
  /// factor on what the model is asked for.
  ClusterDivision divide(const Individual& individual, const std::vector<double>& headroom) const;

  /// [model]: the plan for it. No device is in two plans.
  std::vector<Plan> plans(const ClusterDivision& division) const;

  /// That of the worst model. Objective rate: the highest factor by which the rates of all
  /// workloads can grow together. Objective cost: minus the price of all nodes used, if all models
  /// keep the target. The tie-break is the sum over the models.
  Objective fitness(const std::vector<Plan>& plans) const;

  /// Throws InfeasibleError when a model is not served or a constraint broken.
  void require_success(const std::vector<Plan>& plans) const;

  /// Rough fitness without simulation.
  double estimate(const ClusterDivision& division) const;

  /// Requests per second that the model's groups are expected to serve.
  double expected_rate_per_s(const ClusterDivision& division, std::size_t model) const;

 private:
  double rate_of(std::size_t model) const {
    return planning(model).request().workload.arrivals.rate_per_s;
  }

  std::vector<std::unique_ptr<Planning>> plannings_;
  PlanConstraints together_;
  SearchSpace space_;
};

/// What became of the cluster.
struct SharedCluster {
  std::vector<Plan> plans;  // [model]
  Objective fitness;
  std::vector<Plan> halves;  // [model]: the same with equal parts of the memory
  Objective halves_fitness;
  std::int64_t evaluations = 0;  // divisions simulated
};

/// The machines dealt out to the models, the largest first, always to the one with the least
/// memory; single devices where there are fewer machines than models. [model][node]: devices.
/// Throws InfeasibleError when there are fewer devices than models.
std::vector<std::vector<int>> equal_memory_parts(const Cluster& cluster, std::size_t models);

/// The best division. First every model gets an equal part of the memory and is searched for alone;
/// that is the baseline and a seed. Then the evolutionary search over groups of all models, whose
/// fitness is that of the division that they make. After each of three rounds, what a model is
/// asked for is scaled by how far the simulation of its plan fell behind the estimate, so that a
/// bursty workload gets more. Throws InfeasibleError when some model fits nowhere.
SharedCluster share_cluster(const ModelSharing& sharing,
                            const SearchSettings& settings,
                            const std::function<void(const GenerationReport&)>& on_generation,
                            const std::atomic<bool>& stop);

}  // namespace hexgen
