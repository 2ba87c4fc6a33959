#include "profiles/random_stream.h"

#include <cmath>

#include "profiles/portable_math.h"

namespace hexgen {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::uint64_t stream)
    : state_(mix(seed + kGolden) ^ mix(mix(stream + kGolden))) {}

std::uint64_t RandomStream::bits() {
  state_ += kGolden;
  return mix(state_);
}

double RandomStream::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t partial = (0 - bound) % bound;  // 2^64 mod bound: values that would be biased
  std::uint64_t value = bits();
  while (value < partial) {
    value = bits();
  }
  return value % bound;
}

double RandomStream::exponential() {
  return -portable_log(1.0 - uniform());
}

double RandomStream::normal() {
  double u = 0;
  double square = 0;
  do {
    u = 2 * uniform() - 1;
    const double v = 2 * uniform() - 1;
    square = u * u + v * v;
  } while (square >= 1 || square == 0);
  return u * std::sqrt(-2 * portable_log(square) / square);
}

double RandomStream::gamma(double shape) {
  if (shape < 1) {
    // Gamma(a) = Gamma(a + 1) * U^(1/a)
    const double larger = gamma(shape + 1);
    return larger * portable_exp(portable_log(1.0 - uniform()) / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0) {
      continue;
    }
    const double v = root * root * root;
    if (portable_log(1.0 - uniform()) < 0.5 * x * x + d * (1 - v + portable_log(v))) {
      return d * v;
    }
  }
}

}  // namespace hexgen
