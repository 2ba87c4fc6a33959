#include <doctest/doctest.h>

#include <string>

#include "profiles/errors.h"
#include "profiles/trace_reader.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

/// A conversation whose turns have these numbers of bytes.
std::string conversation(std::initializer_list<std::size_t> turn_bytes) {
  std::string turns;
  for (const std::size_t bytes : turn_bytes) {
    turns += std::string(turns.empty() ? "" : ", ") + R"({"from": "human", "value": ")" +
             std::string(bytes, 'x') + "\"}";
  }
  return R"({"id": "c", "conversations": [)" + turns + "]}";
}

}  // namespace

TEST_CASE("mooncake timestamps are milliseconds and hash ids are passed over") {
  const auto requests = read_trace(
      TraceKind::kMooncake,
      R"({"timestamp": 3000, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]})"
      "\n"
      R"({"timestamp": 3001.5, "input_length": 7, "output_length": 1, "hash_ids": []})");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].arrival_s == 0.0);
  CHECK(requests[0].prompt_tokens == 6758);
  CHECK(requests[0].output_tokens == 500);
  CHECK(requests[1].arrival_s == 0.0015);
}

TEST_CASE("keys of the same name inside other members are not mistaken for the row's") {
  const auto requests = read_trace(
      TraceKind::kMooncake,
      R"({"extra": {"timestamp": 9, "input_length": 9}, "list": [{"output_length": 9}], )"
      R"("timestamp": 1, "input_length": 2, "output_length": 3})");
  CHECK(requests[0].prompt_tokens == 2);
  CHECK(requests[0].output_tokens == 3);
}

TEST_CASE("requests of one instant keep the order of the file") {
  std::string lines;
  for (int i = 1; i <= 100; ++i) {
    lines += R"({"timestamp": 5, "output_length": 1, "input_length": )" + std::to_string(i) + "}\n";
  }
  const auto requests = read_trace(TraceKind::kMooncake, lines);
  REQUIRE(requests.size() == 100);
  for (int i = 1; i <= 100; ++i) {
    CHECK(requests[static_cast<std::size_t>(i - 1)].prompt_tokens == i);
  }
}

TEST_CASE("a llmservingsim workload counts in nanoseconds") {
  const auto requests = read_trace(
      TraceKind::kLlmServingSim,
      R"({"input_toks": 2358, "output_toks": 531, "arrival_time_ns": 46926808, "input_tok_ids": [5971]})"
      "\n"
      R"({"input_toks": 10, "output_toks": 20, "arrival_time_ns": 46926909, "input_tok_ids": [1]})"
      "\n");
  CHECK(requests[0].prompt_tokens == 2358);
  CHECK(requests[1].arrival_s == 101e-9);
  CHECK(requests[1].output_tokens == 20);
}

TEST_CASE("a measured llmservingsim run is replayed by its engine's clock") {
  const auto requests = read_trace(
      TraceKind::kLlmServingSim,
      R"({"input_toks": 1, "output_toks": 2, "arrival_time": 1777142838.0, "queued_ts": 479748.25})"
      "\n"
      R"({"input_toks": 1, "output_toks": 2, "arrival_time": 1777142839.0, "queued_ts": 479749.5})");
  CHECK(requests[1].arrival_s == 1.25);
}

TEST_CASE("a llmservingsim run without engine times is replayed by the wall clock") {
  const auto requests =
      read_trace(TraceKind::kLlmServingSim,
                 R"({"input_toks": 1, "output_toks": 2, "arrival_time": 1777142838.125})"
                 "\n"
                 R"({"input_toks": 1, "output_toks": 2, "arrival_time": 1777142839.25})");
  CHECK(requests[1].arrival_s == 1.125);
}

TEST_CASE("sharegpt tokens are estimated from the first two turns at 4 bytes each, rounded up") {
  const TemporaryFile file("[" + conversation({17, 80, 4000}) + "]");
  const auto trace = open_trace({.kind = TraceKind::kShareGpt, .file = file.path(), .columns = {}});
  CHECK_FALSE(trace->notes().has_arrival_times);
  CHECK_FALSE(trace->notes().has_token_counts);
  const auto requests = read_all(*trace);
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].prompt_tokens == 5);   // 17 / 4 = 4.25
  CHECK(requests[0].output_tokens == 20);  // 80 / 4
}

TEST_CASE("sharegpt text counts in bytes of UTF-8 after escapes") {
  // 12 escapes of 3 bytes in UTF-8 each (U+4F60): 36 bytes = 9 tokens; 16 quotes = 4 tokens.
  std::string escapes;
  std::string quotes;
  for (int i = 0; i < 12; ++i) {
    escapes += "\\u4f60";
  }
  for (int i = 0; i < 16; ++i) {
    quotes += "\\\"";
  }
  const auto requests = read_trace(
      TraceKind::kShareGpt,
      R"([{"conversations": [{"value": ")" + escapes + R"("}, {"value": ")" + quotes + "\"}]}]");
  CHECK(requests[0].prompt_tokens == 9);
  CHECK(requests[0].output_tokens == 4);
}

TEST_CASE("conversations that vLLM's benchmark drops are skipped and counted") {
  const TemporaryFile file("[" + conversation({100}) + "," +       // one turn
                           conversation({12, 100}) + "," +         // prompt of 3 tokens
                           conversation({100, 12}) + "," +         // output of 3 tokens
                           conversation({4097, 100}) + "," +       // prompt of 1025 tokens
                           conversation({4096, 4097}) + "," +      // 1024 + 1025 tokens
                           conversation({4096, 4096}) + "," +      // 1024 + 1024: kept
                           conversation({13, 13}) + "," +          // 4 + 4: kept
                           R"({"id": "e", "conversations": []}])"  // no turn
  );
  const auto trace = open_trace({.kind = TraceKind::kShareGpt, .file = file.path(), .columns = {}});
  CHECK(trace->notes().skipped_rows == 6);
  CHECK(read_all(*trace).size() == 2);
}

}  // namespace hexgen
