#pragma once

#include <vector>

namespace hexgen {

/// Something that wants as much of all its resources at once as it can get, up to its limit.
struct Demand {
  double limit = 0;                             // above 0
  const std::vector<int>* resources = nullptr;  // each once
};

/// Max-min fair rates by progressive filling: all rates rise together; a demand stops at its limit
/// or when one of its resources is used up. No rate can grow unless one that is not larger shrinks.
std::vector<double> max_min_rates(const std::vector<double>& capacities,
                                  const std::vector<Demand>& demands);

}  // namespace hexgen
