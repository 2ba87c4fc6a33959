#include "planner/explanation.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "planner/prediction.h"
#include "planner/warm_search.h"

namespace hexgen {
namespace {

/// GPU types and numbers of a group, whichever the nodes.
using GroupKind = std::map<int, int>;

std::multiset<GroupKind> group_kinds(const std::vector<PipelineGroup>& pipelines,
                                     const Cluster& cluster) {
  std::multiset<GroupKind> kinds;
  for (const PipelineGroup& pipeline : pipelines) {
    GroupKind kind;
    for (const NodeShare& share : device_group(pipeline, cluster)) {
      kind[cluster.nodes()[static_cast<std::size_t>(share.node)].gpu_type] += share.devices;
    }
    kinds.insert(std::move(kind));
  }
  return kinds;
}

std::vector<PipelineExplanation> explain_pipelines(const Plan& plan, const Planning& planning) {
  const PlanningRequest& request = planning.request();
  const LoadTest& load_test = planning.evaluator().load_test();
  const ServingSystem system = make_serving_system(plan, request.model, request.cluster);
  const SimulationResult result = load_test.play(system, load_test.rate_per_s());
  double weights = 0;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    weights += pipeline.weight;
  }
  std::vector<PipelineExplanation> explained;
  for (std::size_t p = 0; p < plan.pipelines().size(); ++p) {
    const PipelineGroup& pipeline = plan.pipelines()[p];
    const auto& busy_s = result.stage_busy_s[p];
    explained.push_back(
        {.name = pipeline.name,
         .share = pipeline.weight / weights,
         .capacity_per_s = pipeline_capacity_per_s(pipeline, request),
         .utilisation = *std::max_element(busy_s.begin(), busy_s.end()) / result.end_s,
         .bindings = bindings(pipeline, request)});
  }
  return explained;
}

/// The best individual of a search from the plan, and the best of another kind.
struct Neighbourhood {
  double best_score = 0;
  std::optional<RunnerUp> runner_up;
};

Neighbourhood search_near(const Plan& plan,
                          PlanningRequest request,
                          const SearchSettings& settings,
                          const std::atomic<bool>& stop) {
  request.running = plan.pipelines();
  const Planning planning(std::move(request));
  const Cluster& cluster = planning.request().cluster;
  const WarmSearch search(
      planning, held_shards(planning.request().model, plan.pipelines(), cluster.num_devices()), 0);
  std::mutex mutex;
  std::map<Individual, Objective> seen;
  const Fitness fitness_kept = [&](const Individual& individual) {
    const Objective fitness = planning.fitness(search.plan(individual));
    const std::lock_guard lock(mutex);
    seen.emplace(individual, fitness);
    return fitness;
  };
  search.run(
      fitness_kept, settings, [](const GenerationReport&) {}, stop);
  Neighbourhood near = {.best_score = planning.fitness(plan).score, .runner_up = std::nullopt};
  const auto kinds = group_kinds(plan.pipelines(), cluster);
  Objective best_other;
  for (const auto& [individual, fitness] : seen) {
    near.best_score = std::max(near.best_score, fitness.score);
    if (near.runner_up && fitness <= best_other) {
      continue;
    }
    Plan other = search.plan(individual);
    if (!other.empty() && group_kinds(other.pipelines(), cluster) != kinds) {
      best_other = fitness;
      near.runner_up = {.plan = std::move(other), .score = fitness.score, .capacity_per_s = 0};
    }
  }
  if (near.runner_up) {
    near.runner_up->capacity_per_s = plan_capacity_per_s(near.runner_up->plan, planning.request());
  }
  return near;
}

/// The cluster with one more GPU, which shifts the devices from `first_moved` on by one.
struct Enlarged {
  Cluster cluster;
  std::string place;
  int first_moved = 0;
};

Enlarged with_gpu_in(const Cluster& cluster, int n) {
  std::vector<Node> nodes = cluster.nodes();
  Node& node = nodes[static_cast<std::size_t>(n)];
  node.price_per_hour *= (node.gpus + 1.0) / node.gpus;
  ++node.gpus;
  std::vector<Link> links;
  for (int from = 0; from < cluster.num_nodes(); ++from) {
    for (int to = 0; to < cluster.num_nodes(); ++to) {
      links.push_back(cluster.node_link(from, to));
    }
  }
  const std::string place = "in " + node.name;
  const int first_moved = cluster.first_device(n) + node.gpus - 1;
  return {{cluster.name(), cluster.gpu_types(), cluster.link_types(), std::move(nodes), links},
          place,
          first_moved};
}

/// The best link of a node to another one; its inner link when it is alone.
Link best_link(const Cluster& cluster, int node) {
  constexpr double kMegabyte = 1e6;
  const Link* best = nullptr;
  for (int other = 0; other < cluster.num_nodes(); ++other) {
    const Link& link = cluster.node_link(node, other);
    const bool better = best == nullptr || link.transfer_s(kMegabyte) < best->transfer_s(kMegabyte);
    if (other != node && better) {
      best = &link;
    }
  }
  return best != nullptr ? *best : cluster.intra_link_of(node).link;
}

/// A node of one GPU of `like`'s type, linked like node `neighbour`.
Enlarged with_gpu_next_to(const Cluster& cluster, int neighbour, int like) {
  std::vector<Node> nodes = cluster.nodes();
  Node node = cluster.nodes()[static_cast<std::size_t>(like)];
  node.name = "one more GPU";
  node.region = nodes[static_cast<std::size_t>(neighbour)].region;
  node.price_per_hour /= node.gpus;
  node.gpus = 1;
  nodes.push_back(node);
  const Link nearest = best_link(cluster, neighbour);
  std::vector<Link> links;
  const int added = cluster.num_nodes();
  for (int from = 0; from <= added; ++from) {
    for (int to = 0; to <= added; ++to) {
      const int a = from == added ? neighbour : from;
      const int b = to == added ? neighbour : to;
      links.push_back(a == b ? nearest : cluster.node_link(a, b));
    }
  }
  const std::string place = "next to " + nodes[static_cast<std::size_t>(neighbour)].name;
  return {{cluster.name(), cluster.gpu_types(), cluster.link_types(), std::move(nodes), links},
          place,
          cluster.num_devices()};
}

std::vector<Enlarged> enlarged_clusters(const Cluster& cluster, int like) {
  constexpr int kMostGpusOfANode = 8;  // as in cluster files
  const int type = cluster.nodes()[static_cast<std::size_t>(like)].gpu_type;
  std::vector<Enlarged> enlarged;
  std::set<std::string> regions;
  for (int n = 0; n < cluster.num_nodes(); ++n) {
    const Node& node = cluster.nodes()[static_cast<std::size_t>(n)];
    if (node.gpu_type == type && node.gpus < kMostGpusOfANode) {
      enlarged.push_back(with_gpu_in(cluster, n));
    }
    if (regions.insert(node.region).second) {
      enlarged.push_back(with_gpu_next_to(cluster, n, like));
    }
  }
  return enlarged;
}

Plan on_enlarged(const Plan& plan, const Enlarged& enlarged, int num_layers) {
  std::vector<PipelineGroup> pipelines = plan.pipelines();
  for (PipelineGroup& pipeline : pipelines) {
    for (Stage& stage : pipeline.stages) {
      for (int& device : stage.devices) {
        device += device >= enlarged.first_moved ? 1 : 0;
      }
    }
  }
  return {std::move(pipelines), num_layers, enlarged.cluster.num_devices()};
}

/// The cheapest node a GPU of every type that the cluster has.
std::map<int, int> cheapest_nodes(const Cluster& cluster) {
  std::map<int, int> cheapest;
  const auto price = [&](int n) {
    const Node& node = cluster.nodes()[static_cast<std::size_t>(n)];
    return node.price_per_hour / node.gpus;
  };
  for (int n = 0; n < cluster.num_nodes(); ++n) {
    const int type = cluster.nodes()[static_cast<std::size_t>(n)].gpu_type;
    const auto [entry, added] = cheapest.emplace(type, n);
    entry->second = price(n) < price(entry->second) ? n : entry->second;
  }
  return cheapest;
}

MarginalGpu marginal_gpu(const Plan& plan,
                         const PlanningRequest& request,
                         int like,
                         double score_without,
                         const SearchSettings& settings,
                         const std::atomic<bool>& stop) {
  const Node& model = request.cluster.nodes()[static_cast<std::size_t>(like)];
  MarginalGpu best = {
      .gpu_type = request.cluster.gpu_types()[static_cast<std::size_t>(model.gpu_type)].name,
      .place = {},
      .gain = 0,
      .price_per_hour = model.price_per_hour / model.gpus};
  for (const Enlarged& enlarged : enlarged_clusters(request.cluster, like)) {
    PlanningRequest larger = request;
    larger.cluster = enlarged.cluster;
    const Plan start = on_enlarged(plan, enlarged, request.model.num_layers);
    const double gain =
        search_near(start, std::move(larger), settings, stop).best_score - score_without;
    if (gain > best.gain) {
      best.place = enlarged.place;
      best.gain = gain;
    }
  }
  return best;
}

}  // namespace

Explanation explain(const Plan& plan,
                    const PlanningRequest& request,
                    const SearchSettings& settings,
                    const std::atomic<bool>& stop) {
  const Planning planning(request);
  const Neighbourhood near = search_near(plan, request, settings, stop);
  Explanation explanation = {.score = planning.fitness(plan).score,
                             .best_score = near.best_score,
                             .capacity_per_s = plan_capacity_per_s(plan, request),
                             .pipelines = explain_pipelines(plan, planning),
                             .marginal_gpus = {},
                             .runner_up = near.runner_up,
                             .extrapolations = predicted_outside(plan, request)};
  for (const auto& [type, node] : cheapest_nodes(request.cluster)) {
    explanation.marginal_gpus.push_back(
        marginal_gpu(plan, request, node, near.best_score, settings, stop));
  }
  return explanation;
}

}  // namespace hexgen
