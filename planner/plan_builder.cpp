#include "planner/plan_builder.h"

#include <algorithm>
#include <numeric>

namespace hexgen {

namespace {

std::vector<LayoutCache::Answer> choose_layouts(const Individual& individual,
                                                LayoutCache& layouts) {
  std::vector<LayoutCache::Answer> answers;
  for (const DeviceGroup& group : individual.groups) {
    LayoutCache::Answer answer = layouts.choose(group);
    if (answer.choice->has_value()) {
      answers.push_back(std::move(answer));
    }
  }
  std::stable_sort(answers.begin(),
                   answers.end(),
                   [](const LayoutCache::Answer& a, const LayoutCache::Answer& b) {
                     return (*a.choice)->capacity_per_s > (*b.choice)->capacity_per_s;
                   });
  return answers;
}

/// How the requests are divided among pipelines, and the rate at which that goes well.
struct Division {
  std::vector<double> shares;
  double rate_per_s = 0;
};

/// Shares in proportion to the rates within the slack at these same shares, from the capacities on.
Division divide_requests(const std::vector<LayoutCache::Answer>& answers, BatchPolicyKind policy) {
  Division division;
  for (const LayoutCache::Answer& answer : answers) {
    division.shares.push_back((*answer.choice)->capacity_per_s);
  }
  const auto normalise_shares = [](std::vector<double>& shares) {
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) {
      share = total > 0 ? share / total : 0;
    }
    return total;
  };
  normalise_shares(division.shares);
  constexpr int kIterations = 8;  // the shares settle to three digits in four
  for (int i = 0; i < kIterations; ++i) {
    std::vector<double> rates_per_s;
    for (std::size_t p = 0; p < answers.size(); ++p) {
      rates_per_s.push_back(rate_within_slack(**answers[p].choice, division.shares[p], policy));
    }
    division.rate_per_s = normalise_shares(rates_per_s);
    if (division.rate_per_s <= 0) {
      break;  // the limits can be met nowhere: by capacity
    }
    division.shares = std::move(rates_per_s);
  }
  return division;
}

}  // namespace

Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const Cluster& cluster,
                int num_layers,
                BatchPolicyKind policy) {
  const std::vector<LayoutCache::Answer> answers = choose_layouts(individual, layouts);
  const std::vector<double> weights = divide_requests(answers, policy).shares;
  std::vector<int> first_free(static_cast<std::size_t>(cluster.num_nodes()), 0);
  std::vector<PipelineGroup> pipelines;
  for (std::size_t p = 0; p < answers.size(); ++p) {
    if (weights[p] <= 0) {
      continue;
    }
    const PipelineChoice& choice = **answers[p].choice;
    PipelineGroup pipeline = make_pipeline(choice.stages, answers[p].group, cluster, first_free);
    pipeline.name = "p" + std::to_string(pipelines.size());
    pipeline.weight = weights[p];
    pipeline.max_batch = choice.max_batch;
    pipeline.kv_capacity_tokens = choice.kv_capacity_tokens;
    pipelines.push_back(std::move(pipeline));
  }
  return {std::move(pipelines), num_layers, cluster.num_devices()};
}

double estimated_rate(const Individual& individual, LayoutCache& layouts, BatchPolicyKind policy) {
  return divide_requests(choose_layouts(individual, layouts), policy).rate_per_s;
}

}  // namespace hexgen
