#include "cost_models/calibration/fit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>

#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kFirstFactor = 1.5;
constexpr double kLastFactor = 1.001;

/// Finaliser of SplitMix64: every input bit reaches every output bit.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::vector<double> absolute_errors(const DataSet& set,
                                    const Constants& constants,
                                    const std::vector<bool>& half,
                                    bool training) {
  const std::vector<double> predicted_s = set.predict_s(constants);
  assert(predicted_s.size() == set.measured_s.size());
  std::vector<double> errors;
  for (std::size_t row = 0; row < predicted_s.size(); ++row) {
    if (half[row] == training) {
      errors.push_back(std::abs(predicted_s[row] / set.measured_s[row] - 1));
    }
  }
  return errors;
}

/// One weight a training row; they sum up to 1, and the rows of each octave to the same.
std::vector<double> octave_weights(const DataSet& set, const std::vector<bool>& half) {
  std::vector<int> octaves;
  std::map<int, int> rows_of_octave;
  for (std::size_t row = 0; row < half.size(); ++row) {
    if (half[row]) {
      octaves.push_back(set.size.empty() ? 0 : std::ilogb(set.size[row]));
      ++rows_of_octave[octaves.back()];
    }
  }
  std::vector<double> weights;
  for (const int octave : octaves) {
    weights.push_back(1.0 / static_cast<double>(rows_of_octave[octave]) /
                      static_cast<double>(rows_of_octave.size()));
  }
  return weights;
}

/// Mean over the fitted sets of their weighted training error.
class TrainingLoss {
 public:
  TrainingLoss(const std::vector<DataSet>& sets, std::uint64_t seed) {
    for (const DataSet& set : sets) {
      if (set.fitted) {
        const std::vector<bool> half = training_half(set.measured_s.size(), seed);
        parts_.push_back({&set, half, octave_weights(set, half)});
      }
    }
  }

  double operator()(const Constants& constants) const {
    double sum = 0;
    for (const Part& part : parts_) {
      const std::vector<double> errors = absolute_errors(*part.set, constants, part.half, true);
      sum += std::inner_product(errors.begin(), errors.end(), part.weights.begin(), 0.0);
    }
    return sum / static_cast<double>(parts_.size());
  }

 private:
  struct Part {
    const DataSet* set = nullptr;
    std::vector<bool> half;
    std::vector<double> weights;
  };

  std::vector<Part> parts_;
};

/// Tries one knob up and down by `factor`; keeps what lowers the loss.
bool improve(
    const TrainingLoss& loss, const Knob& knob, double factor, Constants& best, double& lowest) {
  for (const double by : {factor, 1 / factor}) {
    Constants candidate = best;
    double& value = knob.in(candidate);
    value = std::clamp(value * by, knob.low, knob.high);
    const double found = loss(candidate);
    if (found < lowest) {
      lowest = found;
      best = candidate;
      return true;
    }
  }
  return false;
}

double nearest_rank(const std::vector<double>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace

Knob memory_fraction_knob() {
  return {[](Constants& c) -> double& { return c.gpu.memory_fraction; }, 0.05, 1};
}

Knob attention_fraction_knob() {
  return {[](Constants& c) -> double& { return c.gpu.attention_fraction; }, 0.05, 1};
}

Knob compute_fraction_knob() {
  return {[](Constants& c) -> double& { return c.gpu.compute_fraction; }, 0.05, 1};
}

Knob layer_overhead_knob() {
  return {[](Constants& c) -> double& { return c.gpu.layer_overhead_s; }, 1e-6, 1e-3};
}

Knob all_reduce_latency_knob() {
  return {[](Constants& c) -> double& { return c.link.all_reduce_latency_s; }, 1e-7, 1e-3};
}

Knob all_reduce_fraction_knob() {
  return {[](Constants& c) -> double& { return c.link.all_reduce_fraction; }, 0.01, 1};
}

Knob link_latency_knob() {
  return {[](Constants& c) -> double& { return c.link.link.latency_s; }, 1e-7, 1e-1};
}

Knob link_bandwidth_knob() {
  return {[](Constants& c) -> double& { return c.link.link.bandwidth_bytes_per_s; },
          1 * kMega,
          10 * kTera};
}

std::vector<bool> training_half(std::size_t num_rows, std::uint64_t seed) {
  std::vector<std::size_t> order(num_rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [seed](std::size_t row) { return mixed(mixed(seed) ^ row); };
  std::sort(
      order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<bool> half(num_rows, false);
  for (std::size_t i = 0; i < num_rows / 2; ++i) {
    half[order[i]] = true;
  }
  return half;
}

ErrorSummary summarize_errors(const DataSet& set,
                              const Constants& constants,
                              const std::vector<bool>& half,
                              bool training) {
  std::vector<double> errors = absolute_errors(set, constants, half, training);
  assert(!errors.empty());
  std::sort(errors.begin(), errors.end());
  return {
      .rows = errors.size(), .median = nearest_rank(errors, 0.5), .p90 = nearest_rank(errors, 0.9)};
}

Constants fit_constants(const std::vector<DataSet>& sets,
                        const std::vector<Knob>& knobs,
                        Constants start,
                        std::uint64_t seed) {
  const TrainingLoss loss(sets, seed);
  double lowest = loss(start);
  for (double factor = kFirstFactor; factor > kLastFactor;) {
    bool improved = false;
    for (const Knob& knob : knobs) {
      improved = improve(loss, knob, factor, start, lowest) || improved;
    }
    factor = improved ? factor : 1 + (factor - 1) / 2;
  }
  return start;
}

}  // namespace hexgen
