#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// One timing of what is to be fitted: time_s = fixed * first + variable * second.
struct LinearSample {
  double first = 1;   // latencies that it pays
  double second = 0;  // bytes that it moves
  double time_s = 0;
};

/// The fit and how far it is off on its own samples: |predicted - measured| / measured.
struct LinearFit {
  double fixed = 0;     // seconds a latency
  double variable = 0;  // seconds a byte
  double median_error = 0;
  double largest_error = 0;
};

/// Least squares of relative errors. A negative `fixed` is set to 0 and `variable` fitted alone.
/// Throws InputError, calling the samples `what`, when they are too few or too alike, or when times
/// do not grow with the size.
LinearFit fit_line(const std::vector<LinearSample>& samples, const std::string& what);

}  // namespace hexgen
