#pragma once

#include <vector>

#include "planner/integer_program.h"

namespace hexgen {

/// One way to serve: machines that work together, and how fast.
struct MachineConfiguration {
  std::vector<int> machines;       // [offer]
  std::vector<double> rate_per_s;  // [request type]: when it serves nothing else; 0: cannot
  int pipelines = 1;
};

/// Which machines to rent, in which configurations, and which requests go where: the problem of
/// "Demystifying Cost-Efficiency in LLM Serving over Heterogeneous GPUs" (arXiv 2502.00722).
struct MixProblem {
  std::vector<double> price_per_hour;  // [offer]: of a machine
  std::vector<int> available;          // [offer]: machines
  std::vector<MachineConfiguration> configurations;
  std::vector<double> requests;  // [request type]: to be served, above 0
  double budget_per_hour = 0;
  int min_pipelines = 0;
};

struct MachineMix {
  std::vector<int> machines;               // [offer]: rented
  std::vector<int> counts;                 // [configuration]
  std::vector<std::vector<double>> share;  // [configuration][type]: of the type's requests; sum 1
  double scale_per_s = 0;  // all requests of the problem can be served so often a second

  /// Time to serve all requests of the problem once.
  double makespan_s() const { return 1 / scale_per_s; }
};

struct RankedMixes {
  std::vector<MachineMix> mixes;
  bool complete = true;  // false: the solver gave up, these are the best it found
};

/// The `count` mixes of machines with the shortest makespans, the shortest first. Exact: the
/// makespan is one over the scale s, and
///   maximise s   over counts y, work z
///   s <= sum_c z[c][w]                               for every type w
///   sum_w z[c][w] requests[w] / rate[c][w] <= y[c]   for every configuration c
///   machines and price of all y within availability and budget, y whole
/// is linear; a configuration that can serve one type only needs no z. Mixes that cannot serve all
/// types are left out.
RankedMixes best_mixes(const MixProblem& problem, std::size_t count);

/// The longest time that a configuration needs for its share of the requests: the makespan of a
/// division that is given.
double makespan_s(const MixProblem& problem,
                  const std::vector<int>& counts,
                  const std::vector<std::vector<double>>& share);

}  // namespace hexgen
