#pragma once

#include <vector>

namespace hexgen {

/// Which model each group serves: labels[group], -1 where it can serve none.
///
/// `speed[group][model]`: how often a second the group alone would serve what the model is asked
/// for in a second; 0 where it cannot hold it. Aims at the highest speed of the slowest model, then
/// of the second slowest and so on (leximin): from the largest group on, each goes to the model
/// that is slowest so far; then single groups and pairs change sides while that helps.
std::vector<int> label_groups(const std::vector<std::vector<double>>& speed);

}  // namespace hexgen
