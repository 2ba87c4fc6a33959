#include "profiles/trace_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "profiles/errors.h"
#include "profiles/trace_lines.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

/// A vidur trace with these arrivals; the prompt of row i has i + 1 tokens.
std::string vidur_trace(const std::vector<int>& arrivals_s) {
  std::string text = "arrived_at,num_prefill_tokens,num_decode_tokens\n";
  for (std::size_t i = 0; i < arrivals_s.size(); ++i) {
    text += std::to_string(arrivals_s[i]) + "," + std::to_string(i + 1) + ",1\n";
  }
  return text;
}

/// 1, 2, ..., rows, and then 0: the last row is `rows` rows late.
std::vector<int> last_row_first(int rows) {
  std::vector<int> arrivals_s;
  for (int i = 1; i <= rows; ++i) {
    arrivals_s.push_back(i);
  }
  arrivals_s.push_back(0);
  return arrivals_s;
}

}  // namespace

TEST_CASE("the argument of --trace names a kind and a file") {
  const TraceSource source = parse_trace_argument("mooncake:C:/traces/conversation.jsonl");
  CHECK(source.kind == TraceKind::kMooncake);
  CHECK(source.file == "C:/traces/conversation.jsonl");
  CHECK(parse_trace_argument("llmservingsim:x").kind == TraceKind::kLlmServingSim);
  CHECK(parse_trace_argument("sharegpt:x").kind == TraceKind::kShareGpt);
  CHECK(parse_trace_argument("burstgpt:x").kind == TraceKind::kBurstGpt);
  CHECK(parse_trace_argument("vidur:x").kind == TraceKind::kVidur);
  CHECK(parse_trace_argument("azure:x").kind == TraceKind::kAzure);
  CHECK(parse_trace_argument("csv:x").kind == TraceKind::kCsv);
}

TEST_CASE("an argument of --trace that names no kind or no file is refused") {
  CHECK_THROWS_WITH_AS(parse_trace_argument("azur:conv.csv"),
                       "--trace: 'azur:conv.csv': unknown kind, did you mean 'azure'?",
                       InputError);
  CHECK_THROWS_WITH_AS(parse_trace_argument("azure:"),
                       "--trace: 'azure:': expected a file behind 'azure:'",
                       InputError);
  CHECK_THROWS_WITH_AS(parse_trace_argument("azure"),
                       "--trace: 'azure': expected a file behind 'azure:'",
                       InputError);
  CHECK_THROWS_WITH_AS(parse_trace_argument("conv.csv"),
                       "--trace: 'conv.csv': unknown kind, expected one of azure, mooncake, "
                       "burstgpt, vidur, sharegpt, llmservingsim, csv",
                       InputError);
}

TEST_CASE("time units have the names that scripts use") {
  CHECK(parse_time_unit("s") == TimeUnit::kSeconds);
  CHECK(parse_time_unit("ms") == TimeUnit::kMilliseconds);
  CHECK(parse_time_unit("us") == TimeUnit::kMicroseconds);
  CHECK(parse_time_unit("ns") == TimeUnit::kNanoseconds);
  CHECK_THROWS_WITH_AS(
      parse_time_unit("sec"), "time unit: 'sec': expected s, ms, us or ns", InputError);
}

TEST_CASE("rows a little out of time order are sorted, and time starts at the earliest") {
  const auto requests = read_trace(TraceKind::kVidur, vidur_trace({3, 1, 2, 2}));
  REQUIRE(requests.size() == 4);
  const std::vector<double> arrivals_s = {0.0, 1.0, 1.0, 2.0};  // 1, 2, 2, 3
  const std::vector<int> rows = {2, 3, 4, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(requests[i].arrival_s == arrivals_s[i]);
    CHECK(requests[i].prompt_tokens == rows[i]);
  }
}

TEST_CASE("a row may come as late as the reorder window is long") {
  const int window = TraceReader::kReorderWindow;
  const auto requests = read_trace(TraceKind::kVidur, vidur_trace(last_row_first(window - 1)));
  CHECK(requests.front().prompt_tokens == window);
}

TEST_CASE("a row later than the reorder window is refused with its line") {
  const int rows = TraceReader::kReorderWindow + 10;
  const TemporaryFile file(vidur_trace(last_row_first(rows)));
  const auto trace = open_trace({.kind = TraceKind::kVidur, .file = file.path(), .columns = {}});
  // Line: the header, the rows in order, then this one. 10 rows had left the window before it came.
  const std::string expected =
      file.path() + ":" + std::to_string(1 + rows + 1) +
      ": arrival: 11.000000 s before a request that stands more than 4096 rows earlier: "
      "expected rows sorted by time";
  CHECK_THROWS_WITH_AS(read_all(*trace), expected.c_str(), InputError);
}

TEST_CASE("a trace longer than the reorder window is read to its end") {
  std::vector<int> arrivals_s;
  for (int i = 0; i < 3 * TraceReader::kReorderWindow; ++i) {
    arrivals_s.push_back(i / 7);
  }
  const auto requests = read_trace(TraceKind::kVidur, vidur_trace(arrivals_s));
  REQUIRE(requests.size() == arrivals_s.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    REQUIRE(requests[i].arrival_s == arrivals_s[i]);
    REQUIRE(requests[i].prompt_tokens == static_cast<int>(i) + 1);
  }
}

TEST_CASE("lines longer than the buffer come out whole") {
  const std::string long_line(300'000, 'x');
  const TemporaryFile file("short\r\n" + long_line + "\n\nlast");
  LineReader lines(file.path());
  std::vector<std::string> all;
  std::string_view line;
  while (lines.next(line)) {
    all.emplace_back(line);
  }
  CHECK(all == std::vector<std::string>{"short", long_line, "", "last"});
  CHECK(lines.line_number() == 4);
}

TEST_CASE("a line without end is refused before it fills the memory") {
  const TemporaryFile file(std::string(LineReader::kMaxLineBytes + 1, 'x'));
  LineReader lines(file.path());
  std::string_view line;
  const std::string expected =
      file.path() + ":1: line: longer than 64 MiB: expected one request a line";
  CHECK_THROWS_WITH_AS(lines.next(line), expected.c_str(), InputError);
}

}  // namespace hexgen
