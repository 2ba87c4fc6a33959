#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "planner/layout_problem.h"

namespace hexgen {

/// Phase 1: the best layout of one group of devices.
///
/// A layout is an ordered sequence of stages; each stage is a tensor-parallel group of devices of
/// one node and takes consecutive layers; the stages may come in any order and devices may stay
/// idle. Exact over all such layouts while the group has at most kMaxArrangements ways to be cut
/// into stages; SplitRule says what larger groups are restricted to. Searches that grow out of all
/// proportion, which groups of up to 12 devices on 3 nodes never do, end with the best so far;
/// where that is nothing, the lowest bottleneck is looked for in steps of 10 %.
inline constexpr double kMaxArrangements = 20'000;

/// Layout of lowest request latency among those whose stages take at most `max_stage_s` for one
/// iteration; nothing when no layout fits.
std::optional<Layout> lowest_latency_layout(
    const LayoutProblem& problem, double max_stage_s = std::numeric_limits<double>::infinity());

/// Layout of lowest latency among those of lowest bottleneck.
std::optional<Layout> lowest_bottleneck_layout(const LayoutProblem& problem);

/// Layouts from the lowest latency to the lowest bottleneck, none dominated by another in both;
/// at most `points` caps on the stage time, spaced geometrically, are tried.
std::vector<Layout> layout_front(const LayoutProblem& problem, int points);

/// Most layers that one pipeline over the whole group can hold; below num_layers nothing fits.
int most_layers_that_fit(const LayoutProblem& problem);

}  // namespace hexgen
