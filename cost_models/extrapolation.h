#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cost_models/stage_cost.h"

namespace hexgen {

/// A predicted time that left what was measured.
struct Extrapolation {
  std::string what;    // "q/k/v projection", "decode attention", ...
  double factor = 1;   // how many times outside of the measured range it lies
  bool shape = false;  // the matrix is outside; otherwise the rows, bytes or tokens are

  bool operator==(const Extrapolation&) const = default;
};

/// How many times outside of the measured rows, tokens and bytes the farthest operator of an
/// iteration lies; 1 when none does or nothing was measured.
double farthest_outside(const StageCost& cost, const BatchShape& shape);

/// False when farthest_outside() is 1 for any iteration, as nothing was measured.
bool has_measured_operator(const StageCost& cost);

/// Keeps the farthest of every operator in `found` over the iterations that it is called for.
void note_extrapolations(const StageCost& cost,
                         const BatchShape& shape,
                         std::vector<Extrapolation>& found);

/// Of requests of these lengths in any pipeline of a plan: the prompt alone, and decode steps alone
/// and with a full batch.
std::vector<Extrapolation> plan_extrapolations(const ModelSpec& model,
                                               const Cluster& cluster,
                                               const Plan& plan,
                                               double prompt_tokens,
                                               double output_tokens);

/// "outside the measured range, extended by the model: decode attention (4.0 times), ..."; empty
/// for no extrapolations.
std::string describe(const std::vector<Extrapolation>& found);

/// The same as a line of warning; nothing for no extrapolations.
void print_extrapolations(const std::vector<Extrapolation>& found, std::ostream& out);

}  // namespace hexgen
