#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cost_models/calibration/fit.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// Errors on timings of a measured profile that were left out of it.
struct HeldOutError {
  std::string machine;
  std::string operator_name;
  std::string left_out;       // which timings
  ErrorSummary interpolated;  // by the timings that were kept, as stage_cost() looks them up
  ErrorSummary by_constants;  // by the constants that are fitted to them
};

/// Leaves out, one operator after the other, every other number of rows of a product, every other
/// matrix, every other amount of KV cache, of FLOPs of a prompt and of bytes of the small kernels,
/// and every other message size of all-reduces and transfers, for each communicator; the outermost
/// stay. Throws InputError when what is kept is too little to fit.
std::vector<HeldOutError> held_out_errors(const MeasuredProfile& profile);

/// A table in Markdown; errors in %.
void print_held_out(const std::vector<HeldOutError>& errors, std::ostream& out);

}  // namespace hexgen
