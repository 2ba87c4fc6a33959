#include "profiles/alpha_beta.h"

#include <algorithm>
#include <cmath>

#include "profiles/errors.h"

namespace hexgen {
namespace {

void note_errors(const std::vector<LinearSample>& samples, LinearFit& fit) {
  std::vector<double> errors;
  for (const LinearSample& sample : samples) {
    const double predicted_s = fit.fixed * sample.first + fit.variable * sample.second;
    errors.push_back(std::abs(predicted_s / sample.time_s - 1));
  }
  std::sort(errors.begin(), errors.end());
  fit.median_error = errors[(errors.size() - 1) / 2];  // nearest rank
  fit.largest_error = errors.back();
}

}  // namespace

LinearFit fit_line(const std::vector<LinearSample>& samples, const std::string& what) {
  double aa = 0;
  double ab = 0;
  double bb = 0;
  double a1 = 0;
  double b1 = 0;
  for (const LinearSample& sample : samples) {
    const double a = sample.first / sample.time_s;
    const double b = sample.second / sample.time_s;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    a1 += a;
    b1 += b;
  }
  const double determinant = aa * bb - ab * ab;
  if (determinant <= 1e-9 * aa * bb) {
    throw InputError("the timings of " + what +
                     " are too few or too alike to fit overhead and bandwidth");
  }
  LinearFit fit = {.fixed = (a1 * bb - b1 * ab) / determinant,
                   .variable = (aa * b1 - ab * a1) / determinant};
  if (fit.fixed < 0) {
    fit = {.fixed = 0, .variable = b1 / bb};
  }
  if (fit.variable <= 0) {
    throw InputError("the timings of " + what + " do not grow with the size");
  }
  note_errors(samples, fit);
  return fit;
}

}  // namespace hexgen
