#include "planner/machine_bundles.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace hexgen {
namespace {

constexpr int kMostAlike = 8;  // machines of one offer in a bundle
constexpr int kMostMixed = 3;  // machines of several offers

/// So many machines of each offer as a bundle may have.
std::vector<int> sample_counts(const PriceList& list) {
  std::vector<int> counts;
  for (const int available : list.available) {
    counts.push_back(std::min(available, kMostAlike));
  }
  return counts;
}

PlanningRequest on_cluster(const PlanningRequest& request, Cluster cluster) {
  PlanningRequest moved = request;
  moved.cluster = std::move(cluster);
  return moved;
}

/// Prices bundles on a cluster with some machines of each offer.
class BundleTable {
 public:
  BundleTable(const PriceList& list, const PlanningRequest& request, bool in_time)
      : list_(list),
        counts_(sample_counts(list)),
        planning_(on_cluster(request, rented_cluster(list, counts_))),
        in_time_(in_time) {
    int node = 0;
    for (const int count : counts_) {
      first_node_.push_back(node);
      node += count;
    }
  }

  std::vector<MachineBundle> worthwhile() {
    for (int size = 1; size <= kMostAlike; ++size) {
      std::vector<int> machines(counts_.size(), 0);
      visit(machines, 0, size, size);
    }
    return std::move(bundles_);
  }

 private:
  /// All ways to take `left` more machines of the offers from `offer` on.
  void visit(std::vector<int>& machines, std::size_t offer, int left, int size) {
    if (left == 0) {
      consider(machines, size);
      return;
    }
    if (offer == machines.size()) {
      return;
    }
    const bool only_whole = size > kMostMixed;
    for (int count = std::min(left, counts_[offer]); count >= 0; --count) {
      if (!only_whole || count == left || count == 0) {
        machines[offer] = count;
        visit(machines, offer + 1, left - count, size);
      }
    }
    machines[offer] = 0;
  }

  void consider(const std::vector<int>& machines, int size) {
    MachineBundle bundle = size == 1 ? divided_machine(machines) : one_pipeline(machines, size);
    const double parts_per_s = size == 1 ? 0 : rate_of_parts(machines);
    constexpr double kGain = 1 + 1e-9;
    best_[machines] = std::max(bundle.rate_per_s, parts_per_s);
    if (bundle.rate_per_s > kGain * parts_per_s) {
      bundles_.push_back(std::move(bundle));
    }
  }

  /// The best way to divide the devices of one machine into pipelines: best[d] = max over g of
  /// rate[g] + best[d - g].
  MachineBundle divided_machine(const std::vector<int>& machines) const {
    const auto offer =
        static_cast<std::size_t>(std::find(machines.begin(), machines.end(), 1) - machines.begin());
    const auto gpus = static_cast<std::size_t>(list_.machines.nodes()[offer].gpus);
    std::vector<double> rate(gpus + 1, 0.0);
    std::vector<double> best(gpus + 1, 0.0);
    std::vector<std::size_t> last(gpus + 1, 0);
    for (std::size_t d = 1; d <= gpus; ++d) {
      rate[d] = planning_.expected_rate_per_s(
          {{.node = first_node_[offer], .devices = static_cast<int>(d)}}, in_time_);
      for (std::size_t g = 1; g <= d; ++g) {
        if (rate[g] + best[d - g] > best[d]) {
          best[d] = rate[g] + best[d - g];
          last[d] = g;
        }
      }
    }
    MachineBundle bundle = {.machines = machines, .groups = {}, .rate_per_s = best[gpus]};
    for (std::size_t d = gpus; d > 0 && last[d] > 0; d -= last[d]) {
      bundle.groups.push_back({{.node = 0, .devices = static_cast<int>(last[d])}});
    }
    return bundle;
  }

  MachineBundle one_pipeline(const std::vector<int>& machines, int size) const {
    MachineBundle bundle = {.machines = machines, .groups = {{}}};
    DeviceGroup sampled;
    bool alone = true;  // every machine serves by itself
    for (std::size_t k = 0; k < machines.size(); ++k) {
      for (int i = 0; i < machines[k]; ++i) {
        const int gpus = list_.machines.nodes()[k].gpus;
        sampled.push_back({.node = first_node_[k] + i, .devices = gpus});
        bundle.groups.front().push_back(
            {.node = static_cast<int>(bundle.groups.front().size()), .devices = gpus});
      }
      alone = alone && (machines[k] == 0 || rate_of_one(k) > 0);
    }
    if (may_work_together(sampled) && !(alone && size > 2)) {
      bundle.rate_per_s = planning_.expected_rate_per_s(sampled, in_time_);
    }
    return bundle;
  }

  bool may_work_together(const DeviceGroup& group) const {
    return std::all_of(group.begin(), group.end(), [&](const NodeShare& share) {
      return planning_.space().kind_of(share.node) == planning_.space().kind_of(group[0].node);
    });
  }

  double rate_of_one(std::size_t offer) const {
    std::vector<int> machines(counts_.size(), 0);
    machines[offer] = 1;
    return best_.at(machines);
  }

  /// Of the best two parts of the bundle that were looked at.
  double rate_of_parts(const std::vector<int>& machines) const {
    double highest_per_s = 0;
    for (const auto& [part, rate_per_s] : best_) {
      std::vector<int> rest = machines;
      bool inside = true;
      for (std::size_t k = 0; k < rest.size(); ++k) {
        rest[k] -= part[k];
        inside = inside && rest[k] >= 0;
      }
      const auto other = inside ? best_.find(rest) : best_.end();
      if (other != best_.end()) {
        highest_per_s = std::max(highest_per_s, rate_per_s + other->second);
      }
    }
    return highest_per_s;
  }

  const PriceList& list_;
  std::vector<int> counts_;      // [offer]
  std::vector<int> first_node_;  // [offer]
  Planning planning_;
  bool in_time_;
  std::map<std::vector<int>, double> best_;  // [machines]: rate, alone or in parts
  std::vector<MachineBundle> bundles_;
};

}  // namespace

std::vector<MachineBundle> machine_bundles(const PriceList& list,
                                           const PlanningRequest& request,
                                           bool in_time) {
  return BundleTable(list, request, in_time).worthwhile();
}

}  // namespace hexgen
