#include "planner/packing_search.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "planner/cluster_block.h"
#include "planner/evolution.h"
#include "planner/population.h"
#include "planner/repair.h"

namespace hexgen {
namespace {

constexpr int kBlockDevices = 32;
constexpr int kMoves = 400;
constexpr double kFirstThreshold = 0.2;  // of the rate of a mean group
constexpr double kClearlyBetter = 1.005;

constexpr std::uint64_t kBlocksStream = ~0ULL;

/// Threshold accepting inside a block.
class BlockSearch {
 public:
  BlockSearch(const ClusterBlock& block, const GroupRates& rates, Random& random)
      : block_(block),
        rates_(rates),
        random_(random) {}

  Individual run() {
    State current = priced(block_.groups());
    if (current.rate_per_s == 0) {
      current = priced(network_aware_individual(block_.space(), random_));
    }
    State best = current;
    for (int move = 0; move < kMoves; ++move) {
      const double cooling = 1 - static_cast<double>(move) / kMoves;
      const double groups = std::max(1.0, static_cast<double>(best.individual.groups.size()));
      const double threshold = kFirstThreshold * cooling * cooling * best.rate_per_s / groups;
      State next = neighbour(current);
      if (next.rate_per_s > current.rate_per_s - threshold) {
        current = std::move(next);
        if (current.rate_per_s > best.rate_per_s) {
          best = current;
        }
      }
    }
    return best.individual;
  }

 private:
  struct State {
    Individual individual;
    double rate_per_s = 0;
  };

  State neighbour(const State& from) {
    Individual changed = from.individual;
    make_one_move(changed, block_.space(), random_);
    repair(changed, block_.space(), random_);
    return priced(changed);
  }

  /// The groups that serve, of the devices that their layouts use.
  State priced(const Individual& individual) const {
    State state;
    for (const DeviceGroup& group : individual.groups) {
      const GroupRate rate = rates_.rate(block_.in_whole(group));
      if (rate.rate_per_s > 0) {
        state.rate_per_s += rate.rate_per_s;
        state.individual.groups.push_back(block_.in_block(used_devices(*rate.layout, rate.group)));
      }
    }
    normalise(state.individual);
    return state;
  }

  const ClusterBlock& block_;
  const GroupRates& rates_;
  Random& random_;
};

}  // namespace

PackingSearch::PackingSearch(const Planning& planning, const SearchSettings& settings)
    : planning_(planning),
      settings_(settings),
      rates_(planning) {}

double PackingSearch::total_rate(const std::vector<DeviceGroup>& groups) const {
  double sum = 0;
  for (const DeviceGroup& group : groups) {
    sum += rates_.rate(group).rate_per_s;
  }
  return sum;
}

PackingSearch::Proposal PackingSearch::propose(const std::vector<int>& nodes,
                                               std::uint64_t stream) const {
  const ClusterBlock block(planning_.space(), current_, nodes);
  Proposal proposal;
  if (!block.any()) {
    return proposal;
  }
  Random random(settings_.seed, static_cast<std::uint64_t>(generation_), stream);
  for (const DeviceGroup& group : block.groups().groups) {
    proposal.before.push_back(block.in_whole(group));
  }
  for (const DeviceGroup& group : BlockSearch(block, rates_, random).run().groups) {
    proposal.after.push_back(block.in_whole(group));
  }
  return proposal;
}

void PackingSearch::step() {
  ++generation_;
  Random random(settings_.seed, static_cast<std::uint64_t>(generation_), kBlocksStream);
  const auto blocks = divide_nodes(planning_.space(), kBlockDevices, random);
  std::vector<Proposal> proposals(blocks.size());
  parallel_for_each(blocks.size(), settings_.threads, [&](std::size_t b) {
    proposals[b] = propose(blocks[b], b);
  });
  std::vector<DeviceGroup> groups;
  for (const Proposal& proposal : proposals) {
    groups.insert(groups.end(), proposal.after.begin(), proposal.after.end());
  }
  rates_.simulate(groups, settings_.threads);
  for (const Proposal& proposal : proposals) {
    if (total_rate(proposal.after) > total_rate(proposal.before)) {
      std::erase_if(current_.groups, [&](const DeviceGroup& group) {
        return std::find(proposal.before.begin(), proposal.before.end(), group) !=
               proposal.before.end();
      });
      current_.groups.insert(current_.groups.end(), proposal.after.begin(), proposal.after.end());
    }
  }
  normalise(current_);
  const double before_per_s = current_per_s_;
  current_per_s_ = total_rate(current_.groups);
  stagnant_ = current_per_s_ > before_per_s ? 0 : stagnant_ + 1;
}

Plan PackingSearch::plan(const Individual& individual) const {
  const PlanningRequest& request = planning_.request();
  std::vector<GroupRate> rates;
  for (const DeviceGroup& group : individual.groups) {
    GroupRate rate = rates_.rate(group);
    if (rate.rate_per_s > 0) {
      rates.push_back(std::move(rate));
    }
  }
  std::stable_sort(rates.begin(), rates.end(), [](const GroupRate& a, const GroupRate& b) {
    return a.rate_per_s > b.rate_per_s;
  });
  std::vector<int> first_free(static_cast<std::size_t>(request.cluster.num_nodes()), 0);
  std::vector<PipelineGroup> pipelines;
  for (const GroupRate& rate : rates) {
    PipelineGroup pipeline =
        make_pipeline(rate.layout->stages, rate.group, request.cluster, first_free);
    pipeline.name = "p" + std::to_string(pipelines.size());
    pipeline.weight = rate.rate_per_s;
    pipeline.max_batch = rate.max_batch;
    pipeline.kv_capacity_tokens = rate.layout->kv_capacity_tokens;
    pipelines.push_back(std::move(pipeline));
  }
  return {std::move(pipelines), request.model.num_layers, request.cluster.num_devices()};
}

void PackingSearch::simulate_plan() {
  const Objective fitness = planning_.fitness(plan(current_));
  ++plans_;
  simulated_per_s_ = current_per_s_;
  if (plans_ == 1 || fitness > best_.fitness) {
    best_ = {.individual = current_, .fitness = fitness};
  }
}

GenerationReport PackingSearch::report() const {
  return {.generation = generation_,
          .best = best_.fitness,
          .mean_score = current_per_s_,
          .evaluations = plans_ + rates_.simulated(),
          .feasible_share = 1,
          .stagnant_generations = stagnant_};
}

SearchResult PackingSearch::run(const std::function<void(const GenerationReport&)>& on_generation,
                                const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started = Clock::now();
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(Clock::now() - started).count();
  };
  bool over = false;
  while (!over) {
    step();
    over = generation_ >= settings_.generations || stagnant_ >= settings_.stagnation ||
           elapsed_s() >= settings_.time_limit_s || stop;
    if (current_per_s_ > simulated_per_s_ * kClearlyBetter || plans_ == 0 ||
        (over && current_per_s_ > simulated_per_s_)) {
      simulate_plan();
    }
    GenerationReport state = report();
    state.elapsed_s = elapsed_s();
    on_generation(state);
  }
  return {.best = best_, .evaluations = plans_ + rates_.simulated(), .generations = generation_};
}

}  // namespace hexgen
