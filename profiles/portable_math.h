#pragma once

#include <cmath>

// Logarithm and exponential from the basic operations alone, which IEEE 754 fixes to the last bit.
// The C library's own may differ in that bit between versions and processors, and a workload drawn
// with one seed has to be the same everywhere.
namespace hexgen {

/// ln(x) for finite x > 0, within 2 ulp: x = m * 2^e with m in [sqrt(1/2), sqrt(2)), then
/// ln m = 2 atanh((m - 1) / (m + 1)) by its power series.
inline double portable_log(double x) {
  constexpr double kLn2 = 0.693147180559945309417232121458;
  constexpr double kSqrtHalf = 0.707106781186547524400844362105;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < kSqrtHalf) {
    mantissa *= 2;
    --exponent;
  }
  const double f = (mantissa - 1) / (mantissa + 1);
  const double square = f * f;
  double sum = 0;
  for (int n = 23; n >= 1; n -= 2) {  // 0.1716^24 < 1e-18
    sum = sum * square + 1.0 / n;
  }
  return exponent * kLn2 + 2 * f * sum;
}

/// e^x for |x| < 700, within 4 ulp: x = k ln 2 + r with |r| <= ln(2) / 2, then the power series of
/// e^r.
inline double portable_exp(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01;  // ln 2 in two parts, so that
  constexpr double kLn2Low = 1.90821492927058770002e-10;   // k * kLn2High is exact
  constexpr double kInverseLn2 = 1.44269504088896340736;
  const double k = std::floor(x * kInverseLn2 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1;
  for (int n = 16; n >= 1; --n) {  // 0.35^17 / 17! < 1e-22
    sum = 1 + sum * r / n;
  }
  return std::ldexp(sum, static_cast<int>(k));
}

}  // namespace hexgen
