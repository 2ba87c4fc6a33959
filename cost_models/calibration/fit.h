#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

/// A constant that a fit may move, within bounds.
struct Knob {
  double& (*in)(Constants&) = nullptr;
  double low = 0;
  double high = 0;
};

Knob memory_fraction_knob();
Knob attention_fraction_knob();
Knob compute_fraction_knob();
Knob layer_overhead_knob();
Knob all_reduce_latency_knob();
Knob all_reduce_fraction_knob();
Knob link_latency_knob();
Knob link_bandwidth_knob();

/// |predicted - measured| / measured over some rows, as nearest-rank percentiles.
struct ErrorSummary {
  std::size_t rows = 0;
  double median = 0;
  double p90 = 0;
};

/// A seeded random half of the rows 0..num_rows-1: true for the rows to fit on.
std::vector<bool> training_half(std::size_t num_rows, std::uint64_t seed);

/// Error over the rows where `half[row] == training`.
ErrorSummary summarize_errors(const DataSet& set,
                              const Constants& constants,
                              const std::vector<bool>& half,
                              bool training);

/// Moves the knobs until the mean |error| over the training halves of the fitted sets falls no
/// more: one constant after the other, by a factor that shrinks from 1.5 to 1.001. Each set counts
/// alike, and within a set each octave of its size, however densely it was measured. Deterministic.
Constants fit_constants(const std::vector<DataSet>& sets,
                        const std::vector<Knob>& knobs,
                        Constants start,
                        std::uint64_t seed);

}  // namespace hexgen
