#pragma once

#include <vector>

namespace hexgen {

/// Column of each row such that no column is taken twice and the sum of cost[row][column] is
/// lowest: the Hungarian method, O(rows^2 * columns). At least as many columns as rows.
std::vector<int> cheapest_assignment(const std::vector<std::vector<double>>& cost);

}  // namespace hexgen
