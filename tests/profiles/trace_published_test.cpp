#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "profiles/trace_reader.h"
#include "profiles/trace_statistics.h"

namespace hexgen {

namespace {

/// What is known of a published trace; percentiles are nearest rank.
struct Lengths {
  double mean = 0;
  int median = 0;
  int p90 = 0;
  int min = 0;
  int max = 0;
};

void check_lengths(const TokenHistogram& tokens, const Lengths& published, double mean_digits) {
  CHECK(std::abs(tokens.mean() - published.mean) <= mean_digits);
  CHECK(tokens.percentile(50) == published.median);
  CHECK(tokens.percentile(90) == published.p90);
  CHECK(tokens.min() == published.min);
  CHECK(tokens.max() == published.max);
}

/// False, with a message, when the file is not on this machine.
bool read_published(TraceKind kind, const std::string& name, TraceStatistics& statistics) {
  const std::string file = std::string(HEXGEN_MEASUREMENTS_DIR) + "/" + name;
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: no " << file);
    return false;
  }
  const auto trace = open_trace({.kind = kind, .file = file, .columns = {}});
  while (const auto request = trace->next()) {
    statistics.add(*request);
  }
  return true;
}

}  // namespace

TEST_CASE("the Azure code trace has its published statistics") {
  TraceStatistics trace;
  if (!read_published(TraceKind::kAzure, "traces/AzureLLMInferenceTrace_code.csv", trace)) {
    return;
  }
  CHECK(trace.requests() == 8'819);
  CHECK(trace.span_s() == doctest::Approx(3'435.948).epsilon(1e-6));
  CHECK(trace.rate_per_s() == doctest::Approx(2.567).epsilon(1e-3));
  CHECK(trace.gap_cv() == doctest::Approx(13.15).epsilon(1e-3));
  CHECK(trace.longest_gap_s() == doctest::Approx(217).epsilon(1e-2));
  CHECK(trace.prompt_tokens().sum() == 18'059'974);
  CHECK(trace.output_tokens().sum() == 245'896);
  check_lengths(trace.prompt_tokens(), {2047.85, 1469, 5194, 3, 7437}, 0.005);
  check_lengths(trace.output_tokens(), {27.88, 13, 55, 6, 1899}, 0.005);
}

TEST_CASE("the Azure conversation trace has its published statistics") {
  TraceStatistics trace;
  if (!read_published(TraceKind::kAzure, "traces/AzureLLMInferenceTrace_conv.csv", trace)) {
    return;
  }
  CHECK(trace.requests() == 19'366);
  CHECK(trace.span_s() == doctest::Approx(3'501.722).epsilon(1e-6));
  CHECK(trace.rate_per_s() == doctest::Approx(5.530).epsilon(1e-3));
  CHECK(trace.gap_cv() == doctest::Approx(1.094).epsilon(1e-3));
  CHECK(trace.prompt_tokens().sum() == 22'361'870);
  CHECK(trace.output_tokens().sum() == 4'088'665);
  check_lengths(trace.prompt_tokens(), {1154.70, 1020, 2735, 2, 14050}, 0.005);
  check_lengths(trace.output_tokens(), {211.13, 129, 424, 7, 1000}, 0.01);
}

TEST_CASE("the Mooncake conversation trace has its published statistics") {
  TraceStatistics trace;
  if (!read_published(TraceKind::kMooncake, "traces/mooncake_conversation_trace.jsonl", trace)) {
    return;
  }
  CHECK(trace.requests() == 12'031);
  CHECK(trace.span_s() == doctest::Approx(3'536.999).epsilon(1e-9));
  CHECK(trace.rate_per_s() == doctest::Approx(3.401).epsilon(1e-3));
  check_lengths(trace.prompt_tokens(), {12'035, 6'909, 27'367, 891, 126'195}, 0.5);
  check_lengths(trace.output_tokens(), {342.6, 350, 597, 1, 2'000}, 0.05);
}

TEST_CASE("the measured LLMServingSim run has its published requests") {
  TraceStatistics trace;
  if (!read_published(TraceKind::kLlmServingSim,
                      "measured/llmservingsim_rtxpro6000_llama-3.1-8b_tp1/requests.jsonl",
                      trace)) {
    return;
  }
  CHECK(trace.requests() == 300);
  CHECK(trace.span_s() == doctest::Approx(29.171481).epsilon(1e-6));  // last - first queued_ts
  CHECK(trace.prompt_tokens().sum() == 257'239);
  CHECK(trace.prompt_tokens().min() == 262);
  CHECK(trace.prompt_tokens().max() == 3'998);
  CHECK(trace.output_tokens().sum() == 195'753);
  CHECK(trace.output_tokens().min() == 512);
  CHECK(trace.output_tokens().max() == 1'021);
}

}  // namespace hexgen
