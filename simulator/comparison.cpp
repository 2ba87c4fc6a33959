#include "simulator/comparison.h"

#include <cassert>
#include <cmath>

namespace hexgen {
namespace {

// Neighbouring requests share their queue, so single differences are not independent; means of long
// batches nearly are.
constexpr std::size_t kBatches = 20;
constexpr double kStudentT = 2.093;  // two-sided 5 %, 19 degrees of freedom

double half_width(const std::vector<double>& differences, double mean) {
  const std::size_t length = differences.size() / kBatches;
  if (length == 0) {
    return 0;
  }
  double squares = 0;
  for (std::size_t b = 0; b < kBatches; ++b) {
    double sum = 0;
    for (std::size_t i = b * length; i < (b + 1) * length; ++i) {
      sum += differences[i];
    }
    const double deviation = sum / static_cast<double>(length) - mean;
    squares += deviation * deviation;
  }
  return kStudentT * std::sqrt(squares / (kBatches - 1) / kBatches);
}

}  // namespace

PairedDifference compare_e2e(const SimulationResult& baseline,
                             const SimulationResult& other,
                             std::size_t first_request) {
  assert(baseline.requests.size() == other.requests.size());
  std::vector<double> differences;
  std::int64_t faster = 0;
  double sum = 0;
  for (std::size_t i = first_request; i < baseline.requests.size(); ++i) {
    if (baseline.requests[i].completed() && other.requests[i].completed()) {
      differences.push_back(other.requests[i].e2e_s() - baseline.requests[i].e2e_s());
      sum += differences.back();
      faster += differences.back() < 0 ? 1 : 0;
    }
  }
  if (differences.empty()) {
    return {};
  }
  const auto count = static_cast<double>(differences.size());
  return {.pairs = static_cast<std::int64_t>(differences.size()),
          .mean_s = sum / count,
          .half_width_s = half_width(differences, sum / count),
          .faster_share = static_cast<double>(faster) / count};
}

}  // namespace hexgen
