#include "profiles/workload.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "profiles/workload_json.h"

using hexgen::TokenDistribution;
using hexgen::Workload;
using Kind = hexgen::TokenDistribution::Kind;

namespace {

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

/// Mean of a lognormal that is cut off at `max`, without rounding (a textbook closed form).
double limited_lognormal_mean(double mean, double p50, double max) {
  const double mu = std::log(p50);
  const double sigma = std::sqrt(2 * std::log(mean / p50));
  const double z = (std::log(max) - mu) / sigma;
  return mean * normal_cdf(z - sigma) + max * (1 - normal_cdf(z));
}

/// One column of the Azure trace; empty when the trace is not there.
std::vector<double> azure_column(int column) {
  std::ifstream file(std::string(HEXGEN_MEASUREMENTS_DIR) +
                     "/traces/AzureLLMInferenceTrace_conv.csv");
  std::vector<double> values;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    for (int i = 0; i <= column; ++i) {
      std::getline(cells, cell, ',');
    }
    values.push_back(std::stod(cell));
  }
  return values;
}

void check_against_trace(const TokenDistribution& tokens, std::vector<double> trace) {
  double sum = 0;
  for (const double count : trace) {
    sum += count;
  }
  std::sort(trace.begin(), trace.end());
  CHECK(tokens.expected() == doctest::Approx(sum / double(trace.size())).epsilon(0.01));
  CHECK(tokens.p50 == doctest::Approx(trace[trace.size() / 2]).epsilon(0.01));
  CHECK(tokens.longest() == trace.back());
}

}  // namespace

TEST_CASE("a fixed count is drawn as it is, within its bounds") {
  const TokenDistribution tokens = {.kind = Kind::kFixed, .value = 128};
  CHECK(tokens.expected() == 128);
  CHECK(tokens.longest() == 128);
  CHECK(TokenDistribution{.kind = Kind::kFixed, .value = 128, .max = 100}.expected() == 100);
  CHECK(TokenDistribution{.kind = Kind::kFixed, .value = 128, .max = 100}.longest() == 100);
}

TEST_CASE("a uniform count averages to the middle of its bounds") {
  // Expectation: (2 + 3 + 4 + 5) / 4 = 3.5.
  const TokenDistribution tokens = {.kind = Kind::kUniform, .min = 2, .max = 5};
  CHECK(tokens.expected() == 3.5);
  CHECK(tokens.longest() == 5);
}

TEST_CASE("an empirical count averages to its values within the bounds") {
  // Expectation: 3, 10 and 100 within [5, 50] are 5, 10 and 50: 65 / 3.
  const TokenDistribution tokens = {
      .kind = Kind::kEmpirical, .min = 5, .max = 50, .values = {3, 10, 100}};
  CHECK(tokens.expected() == doctest::Approx(65.0 / 3).epsilon(1e-12));
  CHECK(tokens.longest() == 50);
}

TEST_CASE("an exponential count averages to a geometric sum") {
  // Rounded samples of mean m exceed k with probability e^(-(k + 1/2) / m), so with r = e^(-1/m)
  // the mean within [1, max] is 1 + e^(-1.5/m) (1 + r + ... + r^(max-2)).
  const double m = 3;
  const int max = 10;
  const double r = std::exp(-1 / m);
  const double expectation = 1 + std::exp(-1.5 / m) * (1 - std::pow(r, max - 1)) / (1 - r);
  const TokenDistribution tokens = {.kind = Kind::kExponential, .mean = m, .max = max};
  CHECK(tokens.expected() == doctest::Approx(expectation).epsilon(1e-12));
  CHECK(tokens.longest() == max);
}

TEST_CASE("a lognormal count averages to the closed form, but for rounding") {
  for (const int max : {200, 1000, 100'000}) {
    const TokenDistribution tokens = {
        .kind = Kind::kLognormal, .mean = 211, .p50 = 129, .max = max};
    CHECK(tokens.expected() ==
          doctest::Approx(limited_lognormal_mean(211, 129, max)).epsilon(1e-3));
    CHECK(tokens.longest() == max);
  }
}

TEST_CASE("a lognormal count whose mean is its median is that count") {
  const TokenDistribution tokens = {.kind = Kind::kLognormal, .mean = 100.4, .p50 = 100.4};
  CHECK(tokens.expected() == 100);
}

TEST_CASE("the Azure workload has the published mean and median lengths") {
  const Workload workload = hexgen::read_workload("azure-conversation");
  CHECK(workload.prompt_tokens.expected() == doctest::Approx(1154.70).epsilon(0.01));
  CHECK(workload.prompt_tokens.p50 == 1020);
  CHECK(workload.output_tokens.expected() == doctest::Approx(211.13).epsilon(0.01));
  CHECK(workload.output_tokens.p50 == 129);
}

TEST_CASE("the Azure workload agrees with the trace itself") {
  if (azure_column(1).empty()) {
    MESSAGE("skipped: no trace in " HEXGEN_MEASUREMENTS_DIR);
    return;
  }
  const Workload workload = hexgen::read_workload("azure-conversation");
  CHECK(workload.arrivals.requests == std::int64_t(azure_column(1).size()));
  check_against_trace(workload.prompt_tokens, azure_column(1));
  check_against_trace(workload.output_tokens, azure_column(2));
}

TEST_CASE("the paper's workloads have its output lengths and Poisson arrivals") {
  for (const int output_tokens : {32, 64, 128}) {
    const Workload workload = hexgen::read_workload("hexgen-" + std::to_string(output_tokens));
    CHECK(workload.arrivals.kind == hexgen::ArrivalProcess::Kind::kPoisson);
    CHECK(workload.prompt_tokens.expected() == 128);
    CHECK(workload.output_tokens.expected() == output_tokens);
    CHECK(workload.slo.scale == 5.0);
    CHECK(workload.slo.reference.gpu_type == "A100-SXM4-40GB");
  }
}
