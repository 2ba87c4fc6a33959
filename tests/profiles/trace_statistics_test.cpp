#include "profiles/trace_statistics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "profiles/errors.h"
#include "profiles/trace_rate.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

TraceStatistics statistics_of(const std::vector<RequestSpec>& requests) {
  TraceStatistics statistics;
  for (const RequestSpec& request : requests) {
    statistics.add(request);
  }
  return statistics;
}

constexpr const char* kVidurTrace =
    "arrived_at,num_prefill_tokens,num_decode_tokens\n"
    "10,100,5\n11,200,6\n14,300,7\n";

}  // namespace

TEST_CASE("span, rate and burstiness come from the gaps between arrivals") {
  // Gaps 1, 3, 1, 3: mean 2, each 1 away from it: standard deviation 1, CV 1/2. Rate 4 gaps / 8 s.
  const TraceStatistics statistics =
      statistics_of({{2, 1, 1}, {3, 1, 1}, {6, 1, 1}, {7, 1, 1}, {10, 1, 1}});
  CHECK(statistics.requests() == 5);
  CHECK(statistics.span_s() == 8.0);
  CHECK(statistics.rate_per_s() == 0.5);
  CHECK(statistics.gap_cv() == doctest::Approx(0.5));
  CHECK(statistics.longest_gap_s() == 3.0);
}

TEST_CASE("requests at one instant have no rate") {
  const TraceStatistics statistics = statistics_of({{2, 1, 1}, {2, 1, 1}});
  CHECK(statistics.span_s() == 0.0);
  CHECK(statistics.rate_per_s() == 0.0);
  CHECK(statistics.gap_cv() == 0.0);
}

TEST_CASE("statistics of no request are zero") {
  const TraceStatistics statistics;
  CHECK(statistics.requests() == 0);
  CHECK(statistics.rate_per_s() == 0.0);
  CHECK(statistics.gap_cv() == 0.0);
  CHECK(statistics.prompt_tokens().mean() == 0.0);
  CHECK(statistics.prompt_tokens().percentile(50) == 0);
  CHECK(statistics.prompt_tokens().min() == 0);
  CHECK(statistics.prompt_tokens().max() == 0);
}

TEST_CASE("percentiles are nearest rank") {
  TokenHistogram histogram;
  for (const int tokens : {15, 20, 35, 40, 50}) {
    histogram.add(tokens);
  }
  // Ranks ceil(0.05 * 5) = 1, ceil(0.3 * 5) = 2, ceil(0.4 * 5) = 2, ceil(0.5 * 5) = 3, 5.
  CHECK(histogram.percentile(5) == 15);
  CHECK(histogram.percentile(30) == 20);
  CHECK(histogram.percentile(40) == 20);
  CHECK(histogram.percentile(50) == 35);
  CHECK(histogram.percentile(100) == 50);
  CHECK(histogram.mean() == 32.0);  // 160 / 5
  CHECK(histogram.min() == 15);
  CHECK(histogram.max() == 50);
}

TEST_CASE("percentiles equal those of the sorted sample") {
  TokenHistogram histogram;
  std::vector<int> sample;
  for (int i = 0; i < 1000; ++i) {
    sample.push_back(i * i % 977);
    histogram.add(sample.back());
  }
  std::sort(sample.begin(), sample.end());
  for (int percent = 1; percent <= 100; ++percent) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent * 1000 / 100.0));
    CHECK(histogram.percentile(percent) == sample[rank - 1]);
  }
}

TEST_CASE("a trace at another rate keeps its lengths and the shape of its gaps") {
  const TemporaryFile file(kVidurTrace);
  // 2 gaps in 4 s are 0.5 per second; at 2 per second the gaps of 1 and 3 s are a quarter.
  const auto trace =
      open_trace_at_rate({.kind = TraceKind::kVidur, .file = file.path(), .columns = {}}, 2.0);
  const auto requests = read_all(*trace);
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].arrival_s == 0.0);
  CHECK(requests[1].arrival_s == 0.25);
  CHECK(requests[2].arrival_s == 1.0);
  CHECK(requests[2].prompt_tokens == 300);
  CHECK(requests[2].output_tokens == 7);
  CHECK(statistics_of(requests).rate_per_s() == 2.0);
}

TEST_CASE("stretching the gaps passes the notes of the trace on") {
  const TemporaryFile file("num_prefill_tokens,num_decode_tokens\n3,4\n");
  const auto trace = stretch_gaps(
      open_trace({.kind = TraceKind::kVidur, .file = file.path(), .columns = {}}), 3.0);
  CHECK_FALSE(trace->notes().has_arrival_times);
}

TEST_CASE("a rate is refused when it is none or the trace has none to scale") {
  const TemporaryFile file(kVidurTrace);
  const TemporaryFile at_once("num_prefill_tokens,num_decode_tokens\n3,4\n5,6\n");
  const TraceSource source = {.kind = TraceKind::kVidur, .file = file.path(), .columns = {}};
  CHECK_THROWS_WITH_AS(open_trace_at_rate(source, 0.0),
                       "--rate: 0.000000: expected requests per second above 0",
                       InputError);
  CHECK_THROWS_WITH_AS(stretch_gaps(open_trace(source), -1.0),
                       "gap factor: -1.000000: expected a number above 0",
                       InputError);
  const std::string expected =
      at_once.path() +
      ": all requests arrive at once: expected a rate to scale to 2.000000 per second";
  CHECK_THROWS_WITH_AS(
      open_trace_at_rate({.kind = TraceKind::kVidur, .file = at_once.path(), .columns = {}}, 2.0),
      expected.c_str(),
      InputError);
}

}  // namespace hexgen
