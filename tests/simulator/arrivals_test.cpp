#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiles/arrival_source.h"
#include "profiles/portable_math.h"
#include "profiles/random_stream.h"

using namespace hexgen;

namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

template <typename Draw>
Moments moments(int count, Draw draw) {
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

Workload workload_of(ArrivalProcess arrivals, TokenDistribution tokens = {.value = 10}) {
  return {.name = "w",
          .arrivals = arrivals,
          .prompt_tokens = tokens,
          .output_tokens = tokens,
          .slo = {}};
}

std::vector<RequestSpec> draw(const Workload& workload, std::uint64_t seed = 1) {
  return draw_requests(*generate_arrivals(workload, seed));
}

std::vector<double> gaps(const std::vector<RequestSpec>& requests) {
  std::vector<double> result;
  double previous = 0;
  for (const RequestSpec& request : requests) {
    result.push_back(request.arrival_s - previous);
    previous = request.arrival_s;
  }
  return result;
}

}  // namespace

TEST_CASE("logarithm and exponential agree with the C library to a few ulp") {
  RandomStream random(1, 0);
  for (int i = 0; i < 100000; ++i) {
    const double x = std::ldexp(random.uniform() + 0.5, static_cast<int>(random.below(200)) - 100);
    REQUIRE(portable_log(x) == doctest::Approx(std::log(x)).epsilon(1e-15));
    const double y = 1000 * random.uniform() - 500;
    REQUIRE(portable_exp(y) == doctest::Approx(std::exp(y)).epsilon(1e-15));
  }
  CHECK(portable_log(1.0) == 0.0);
  CHECK(portable_exp(0.0) == 1.0);
}

TEST_CASE("SplitMix64 gives its published sequence") {
  // State 0 gives e220a8397b1dcdaf, 6e789e6aa1b965f4, ...; a stream starts from a mixed state, so
  // two streams of one seed differ and one stream repeats.
  RandomStream a(42, 0);
  RandomStream same(42, 0);
  RandomStream other(42, 1);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t bits = a.bits();
    CHECK(bits == same.bits());
    CHECK(bits != other.bits());
  }
}

TEST_CASE("samplers have the moments of their distributions") {
  // 200,000 samples: the mean's standard error is sqrt(variance / 200,000); five of them are let
  // pass, and 5 % of the variance.
  RandomStream random(3, 0);
  const int count = 200000;
  const auto check = [&](const Moments& found, double mean, double variance) {
    CHECK(std::abs(found.mean - mean) < 5 * std::sqrt(variance / count));
    CHECK(found.variance == doctest::Approx(variance).epsilon(0.05));
  };
  check(moments(count, [&] { return random.uniform(); }), 0.5, 1.0 / 12);
  check(moments(count, [&] { return random.exponential(); }), 1, 1);
  check(moments(count, [&] { return random.normal(); }), 0, 1);
  for (const double shape : {0.2, 0.5, 1.0, 4.0}) {
    check(moments(count, [&] { return random.gamma(shape); }), shape, shape);
  }
  check(moments(count, [&] { return static_cast<double>(random.below(6)); }), 2.5, 35.0 / 12);
}

TEST_CASE("every arrival process has its rate and burstiness") {
  // Gap CV: Poisson 1; gamma 1 / sqrt(shape); uniform 0.
  const auto check = [](ArrivalProcess process, double cv) {
    process.rate_per_s = 4;
    process.requests = 100000;
    const auto requests = draw(workload_of(process));
    const auto between = gaps(requests);
    std::size_t i = 0;
    const Moments found = moments(100000, [&] { return between[i++]; });
    CHECK(found.mean == doctest::Approx(0.25).epsilon(0.03));
    CHECK(std::sqrt(std::max(0.0, found.variance)) / found.mean ==
          doctest::Approx(cv).epsilon(0.03));
  };
  check({.kind = ArrivalProcess::Kind::kPoisson}, 1);
  check({.kind = ArrivalProcess::Kind::kGamma, .burstiness = 0.25}, 2);
  check({.kind = ArrivalProcess::Kind::kGamma, .burstiness = 4}, 0.5);
  check({.kind = ArrivalProcess::Kind::kUniform}, 0);
}

TEST_CASE("all at once means at zero, whatever the rate") {
  for (const RequestSpec& request :
       draw(workload_of({.kind = ArrivalProcess::Kind::kAllAtOnce, .requests = 50}))) {
    CHECK(request.arrival_s == 0);
  }
}

TEST_CASE("another rate stretches the same gaps and leaves the lengths") {
  const TokenDistribution tokens = {
      .kind = TokenDistribution::Kind::kLognormal, .mean = 211, .p50 = 129, .max = 1000};
  const auto slow = draw(workload_of({.rate_per_s = 1, .requests = 200}, tokens));
  const auto fast = draw(workload_of({.rate_per_s = 4, .requests = 200}, tokens));
  for (std::size_t i = 0; i < slow.size(); ++i) {
    CHECK(slow[i].arrival_s == doctest::Approx(4 * fast[i].arrival_s));
    CHECK(slow[i].prompt_tokens == fast[i].prompt_tokens);
    CHECK(slow[i].output_tokens == fast[i].output_tokens);
  }
}

TEST_CASE("token counts have their distribution and stay within their limits") {
  const auto lengths = [](const TokenDistribution& tokens) {
    std::vector<int> result;
    for (const RequestSpec& request : draw(workload_of({.requests = 20001}, tokens))) {
      result.push_back(request.prompt_tokens);
    }
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto mean = [](const std::vector<int>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  using Kind = TokenDistribution::Kind;

  const auto fixed = lengths({.kind = Kind::kFixed, .value = 128});
  CHECK(fixed.front() == 128);
  CHECK(fixed.back() == 128);

  const auto uniform = lengths({.kind = Kind::kUniform, .min = 3, .max = 7});
  CHECK(uniform.front() == 3);
  CHECK(uniform.back() == 7);
  CHECK(mean(uniform) == doctest::Approx(5).epsilon(0.02));

  const auto lognormal = lengths({.kind = Kind::kLognormal, .mean = 211, .p50 = 129});
  CHECK(lognormal[10000] == doctest::Approx(129).epsilon(0.04));
  CHECK(mean(lognormal) == doctest::Approx(211).epsilon(0.04));
  CHECK(lengths({.kind = Kind::kLognormal, .mean = 211, .p50 = 129, .max = 300}).back() == 300);

  const auto exponential = lengths({.kind = Kind::kExponential, .mean = 500});
  CHECK(mean(exponential) == doctest::Approx(500).epsilon(0.04));
  CHECK(exponential.front() >= 1);

  const auto empirical = lengths({.kind = Kind::kEmpirical, .values = {5, 5, 9}});
  CHECK(mean(empirical) == doctest::Approx(19.0 / 3).epsilon(0.02));
}

TEST_CASE("a replay gives the requests as they were") {
  const std::vector<RequestSpec> requests = {{0.0, 1, 2}, {0.5, 3, 4}};
  const auto replayed = draw_requests(*replay_arrivals(requests));
  REQUIRE(replayed.size() == 2);
  CHECK(replayed[1].arrival_s == 0.5);
  CHECK(replayed[1].output_tokens == 4);
}
