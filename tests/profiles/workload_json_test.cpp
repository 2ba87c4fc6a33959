#include "profiles/workload_json.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::Workload;

namespace {

Workload parse(const std::string& arrivals, const std::string& tokens, const std::string& slo) {
  return hexgen::parse_workload({.role = "workload",
                                 .name = "given",
                                 .label = "w.json",
                                 .text = R"({"format": "hexgen.workload/1", "arrivals": )" +
                                         arrivals + R"(, "prompt_tokens": )" + tokens +
                                         R"(, "output_tokens": )" + tokens + R"(, "slo": )" + slo +
                                         "}"});
}

const char* const kArrivals = R"({"process": "all-at-once", "requests": 7})";
const char* const kTokens = R"({"distribution": "fixed", "value": 16})";
const char* const kSlo = R"({"e2e_ms": 1500})";

}  // namespace

TEST_CASE("every arrival process is read with its parameters") {
  using Kind = hexgen::ArrivalProcess::Kind;
  const auto read = [](const std::string& arrivals) {
    return parse(arrivals, kTokens, kSlo).arrivals;
  };
  CHECK(read(kArrivals).kind == Kind::kAllAtOnce);
  CHECK(read(kArrivals).requests == 7);
  const auto uniform = read(R"({"process": "uniform", "rate_per_s": 0.5, "requests": 1})");
  CHECK(uniform.kind == Kind::kUniform);
  CHECK(uniform.rate_per_s == 0.5);
  const auto gamma =
      read(R"({"process": "gamma", "rate_per_s": 2, "burstiness": 0.25, "requests": 1})");
  CHECK(gamma.kind == Kind::kGamma);
  CHECK(gamma.burstiness == 0.25);
  CHECK(read(R"({"process": "poisson", "rate_per_s": 2, "requests": 1})").kind == Kind::kPoisson);
}

TEST_CASE("every token distribution is read with its parameters") {
  using Kind = hexgen::TokenDistribution::Kind;
  const auto read = [](const std::string& tokens) {
    return parse(kArrivals, tokens, kSlo).output_tokens;
  };
  CHECK(read(kTokens).value == 16);
  const auto uniform = read(R"({"distribution": "uniform", "min": 3, "max": 9})");
  CHECK(uniform.kind == Kind::kUniform);
  CHECK(uniform.min == 3);
  CHECK(uniform.max == 9);
  const auto lognormal =
      read(R"({"distribution": "lognormal", "mean": 211, "p50": 129, "min": 4, "max": 1000})");
  CHECK(lognormal.kind == Kind::kLognormal);
  CHECK(lognormal.mean == 211);
  CHECK(lognormal.p50 == 129);
  CHECK(lognormal.min == 4);
  CHECK(read(R"({"distribution": "exponential", "mean": 50, "max": 90})").mean == 50);
  CHECK(read(R"({"distribution": "empirical", "values": [5, 6]})").values == std::vector{5, 6});
}

TEST_CASE("an SLO is read in seconds") {
  const hexgen::Slo slo =
      parse(kArrivals, kTokens, R"({"ttft_ms": 2000, "tpot_ms": 50, "e2e_ms": 1500})").slo;
  CHECK(slo.ttft_s == 2.0);
  CHECK(slo.tpot_s == 0.05);
  CHECK(slo.e2e_s == 1.5);
}

TEST_CASE("the reference deployment may be named by an alias of its GPU type") {
  const hexgen::Slo slo =
      parse(
          kArrivals,
          kTokens,
          R"({"scale": 2, "reference": {"gpu_type": "Tesla T4", "tp_degree": 4, "num_stages": 2}})")
          .slo;
  CHECK(slo.scale == 2.0);
  CHECK(slo.reference.gpu_type == "T4");
  CHECK(slo.reference.tp_degree == 4);
  CHECK(slo.reference.num_stages == 2);
}

TEST_CASE("a workload without a name has that of its file") {
  CHECK(parse(kArrivals, kTokens, kSlo).name == "given");
}
