#include "profiles/slo.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::InputError;
using hexgen::parse_slo;
using hexgen::Slo;

TEST_CASE("limits are given in milliseconds by vLLM's names") {
  const Slo slo = parse_slo({"ttft:2000", "tpot:200", "e2el:10000"}, {});
  CHECK(slo.ttft_s == 2.0);
  CHECK(slo.tpot_s == 0.2);
  CHECK(slo.e2e_s == 10.0);
  CHECK_FALSE(slo.scale.has_value());
}

TEST_CASE("limits on the command line replace the workload's and keep its reference deployment") {
  Slo workload;
  workload.ttft_s = 1.0;
  workload.reference = {.gpu_type = "T4", .tp_degree = 2, .num_stages = 4};
  const Slo slo = parse_slo({"scale:5"}, workload);
  CHECK(slo.scale == 5.0);
  CHECK_FALSE(slo.ttft_s.has_value());
  CHECK(slo.reference.gpu_type == "T4");
  CHECK(parse_slo({}, workload).ttft_s == 1.0);
}

TEST_CASE("MLPerf presets are the published server constraints") {
  CHECK(parse_slo({"mlperf:llama2-70b"}, {}).ttft_s == 2.0);
  CHECK(parse_slo({"mlperf:llama2-70b"}, {}).tpot_s == 0.2);
  CHECK(parse_slo({"mlperf:llama2-70b-interactive"}, {}).ttft_s == 0.45);
  CHECK(parse_slo({"mlperf:llama2-70b-interactive"}, {}).tpot_s == 0.04);
}

TEST_CASE("an SLO text that is not understood is refused with advice") {
  const auto refuse = [](const std::string& text, const std::string& problem) {
    CHECK_THROWS_WITH_AS(
        parse_slo({text}, {}), ("--slo " + text + ": " + problem).c_str(), InputError);
  };
  refuse("ttft", "expected KEY:VALUE, e.g. ttft:2000");
  refuse("ttfft:2000", "unknown key 'ttfft', did you mean 'ttft'?");
  refuse("ttft:fast", "'fast' is not a number above 0");
  refuse("ttft:2000ms", "'2000ms' is not a number above 0");
  refuse("scale:0", "'0' is not a number above 0");
  refuse("scale:nan", "'nan' is not a number above 0");
  refuse("mlperf:llama2-7b",
         "'llama2-7b' is no MLPerf scenario known here, did you mean 'llama2-70b'?");
}
