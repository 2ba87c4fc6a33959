#include "profiles/workload.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace hexgen {

namespace {

double round_and_clamp(double count, const TokenDistribution& tokens) {
  return std::clamp(std::floor(count + 0.5), double(tokens.min), double(tokens.max));
}

/// Mean of the rounded and clamped counts: min + sum over k in [min, max) of P(count > k), where a
/// count is above k from k + 1/2 on. `survival(x)` = P(sample >= x) falls with x.
double mean_count(const TokenDistribution& tokens, const std::function<double(double)>& survival) {
  constexpr double kNegligible = 1e-18;
  double mean = tokens.min;
  for (int k = tokens.min; k < tokens.max; ++k) {
    const double above = survival(k + 0.5);
    if (above < kNegligible) {
      break;
    }
    mean += above;
  }
  return mean;
}

double lognormal_mean_count(const TokenDistribution& tokens) {
  // Median e^mu and mean e^(mu + sigma^2 / 2).
  const double mu = std::log(tokens.p50);
  const double sigma = std::sqrt(2 * (std::log(tokens.mean) - mu));
  if (!(sigma > 0)) {
    return round_and_clamp(tokens.p50, tokens);
  }
  return mean_count(tokens, [mu, sigma](double x) {
    return 0.5 * std::erfc((std::log(x) - mu) / (sigma * std::sqrt(2.0)));
  });
}

}  // namespace

double TokenDistribution::expected() const {
  switch (kind) {
    case Kind::kFixed:
      return round_and_clamp(value, *this);
    case Kind::kUniform:
      return 0.5 * (double(min) + double(max));
    case Kind::kLognormal:
      return lognormal_mean_count(*this);
    case Kind::kExponential:
      return mean_count(*this, [this](double x) { return std::exp(-x / mean); });
    case Kind::kEmpirical:
      break;
  }
  const double sum =
      std::accumulate(values.begin(), values.end(), 0.0, [this](double total, int count) {
        return total + round_and_clamp(count, *this);
      });
  return sum / double(values.size());
}

int TokenDistribution::longest() const {
  switch (kind) {
    case Kind::kFixed:
      return static_cast<int>(round_and_clamp(value, *this));
    case Kind::kEmpirical:
      return std::clamp(*std::max_element(values.begin(), values.end()), min, max);
    case Kind::kUniform:
    case Kind::kLognormal:
    case Kind::kExponential:
      break;
  }
  return max;
}

}  // namespace hexgen
