#include "profiles/trace_csv.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "profiles/trace_reader.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

constexpr const char* kAzureHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::vector<RequestSpec> read_azure(const std::string& rows) {
  return read_trace(TraceKind::kAzure, kAzureHeader + rows);
}

std::vector<std::vector<std::string>> records(std::string_view content) {
  const TemporaryFile file(content);
  CsvReader csv(file.path());
  std::vector<std::vector<std::string>> all;
  while (csv.next()) {
    all.emplace_back(csv.cells().begin(), csv.cells().end());
  }
  return all;
}

}  // namespace

TEST_CASE("an azure trace with CRLF and no newline at the end keeps its last row") {
  const auto requests = read_trace(TraceKind::kAzure,
                                   "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                   "2023-11-16 18:17:03.9799600,4808,10\r\n"
                                   "2023-11-16 18:17:04.0319600,3180,8");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].arrival_s == 0.0);
  CHECK(requests[0].prompt_tokens == 4808);
  CHECK(requests[1].arrival_s == 0.052);  // 4.0319600 - 3.9799600
  CHECK(requests[1].prompt_tokens == 3180);
  CHECK(requests[1].output_tokens == 8);
}

TEST_CASE("the seventh fractional digit of a timestamp counts") {
  const auto requests =
      read_azure("2023-11-16 18:17:03.9799600,1,1\n2023-11-16 18:17:03.9799601,1,1\n");
  CHECK(requests[1].arrival_s == 1e-7);
}

TEST_CASE("a 2024 azure trace with zones and left-out fractions is read across midnight") {
  const auto requests = read_azure(
      "2024-05-11 23:59:59.750000+00:00,10,1\n"
      "2024-05-12 00:00:01+00:00,20,2\n");
  CHECK(requests[1].arrival_s == 1.25);
}

TEST_CASE("columns are found by name wherever they stand") {
  const auto requests = read_trace(TraceKind::kAzure,
                                   "TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n"
                                   "2025-01-01 00:00:00,3,40,5\n");
  CHECK(requests[0].prompt_tokens == 40);
  CHECK(requests[0].output_tokens == 5);
}

TEST_CASE("a byte order mark, blank lines and spaces around cells do not count") {
  const auto requests = read_trace(TraceKind::kVidur,
                                   "\xEF\xBB\xBF"
                                   "arrived_at,num_prefill_tokens,num_decode_tokens\r\n"
                                   "\r\n"
                                   " 0.5 , 374 ,44\r\n"
                                   "  \n"
                                   "0.75,12,3\n\n");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].prompt_tokens == 374);
  CHECK(requests[1].arrival_s == 0.25);
}

TEST_CASE("vidur lengths without arrivals are read and said to have none") {
  const TemporaryFile file(
      "num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio\n"
      "3772,54,3826,69.85185185185185\n"
      "100,7,107,14.28\n");
  const auto trace = open_trace({.kind = TraceKind::kVidur, .file = file.path(), .columns = {}});
  CHECK_FALSE(trace->notes().has_arrival_times);
  CHECK(trace->notes().has_token_counts);
  const auto requests = read_all(*trace);
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].arrival_s == 0.0);
  CHECK(requests[1].prompt_tokens == 100);
}

TEST_CASE("burstgpt failures are skipped and counted") {
  const TemporaryFile file(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
      "5,ChatGPT,472,18,490,Conversation log\n"
      "45,ChatGPT,1087,0,1087,Conversation log\n"
      "118,GPT-4,417,276,693,Conversation log\n");
  const auto trace = open_trace({.kind = TraceKind::kBurstGpt, .file = file.path(), .columns = {}});
  const auto requests = read_all(*trace);
  REQUIRE(requests.size() == 2);
  CHECK(trace->notes().skipped_rows == 1);
  CHECK(requests[0].arrival_s == 0.0);
  CHECK(requests[1].arrival_s == 113.0);  // 118 - 5
  CHECK(requests[1].output_tokens == 276);
}

TEST_CASE("burstgpt with sessions and elapsed time has the same requests") {
  const auto requests = read_trace(
      TraceKind::kBurstGpt,
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,"
      "Log Type\n"
      "45.0,,9.5,GPT-4,417,276,693,API log\n"
      "52.25,12,1.5,ChatGPT,20,30,50,Conversation log\n");
  CHECK(requests[0].prompt_tokens == 417);
  CHECK(requests[1].arrival_s == 7.25);
}

TEST_CASE("a csv trace takes its columns and its time unit from the caller") {
  const CsvColumns columns = {.timestamp = "t",
                              .prompt_tokens = "in",
                              .output_tokens = "out",
                              .time_unit = TimeUnit::kMilliseconds};
  const auto requests =
      read_trace(TraceKind::kCsv, "out,user,t,in\n5,ann,1500,100\n6,bob,1750.5,200\n", columns);
  CHECK(requests[1].arrival_s == 0.2505);
  CHECK(requests[1].prompt_tokens == 200);
  CHECK(requests[0].output_tokens == 5);
}

TEST_CASE("a csv trace without a timestamp column has lengths only") {
  const TemporaryFile file("in,out\n3,4\n");
  const auto trace =
      open_trace({.kind = TraceKind::kCsv,
                  .file = file.path(),
                  .columns = {.timestamp = "", .prompt_tokens = "in", .output_tokens = "out"}});
  CHECK_FALSE(trace->notes().has_arrival_times);
  CHECK(trace->next()->prompt_tokens == 3);
}

TEST_CASE("epoch seconds keep their microseconds") {
  const auto requests = read_trace(TraceKind::kCsv,
                                   "timestamp,prompt_tokens,output_tokens\n"
                                   "1777142838.338653,1,1\n"
                                   "1777142838.338654,1,1\n");
  CHECK(requests[1].arrival_s == 1e-6);
}

TEST_CASE("quoted cells hold commas, quotes and line breaks") {
  CHECK(records("a,\"b, c\",\"\"\n\"say \"\"hi\"\"\",\"two\r\nlines\", plain \n") ==
        std::vector<std::vector<std::string>>{{"a", "b, c", ""},
                                              {"say \"hi\"", "two\nlines", "plain"}});
}

TEST_CASE("line numbers count the lines inside quoted cells") {
  const TemporaryFile file("a,b\n\"1\n2\",x\ny,z\n");
  CsvReader csv(file.path());
  std::vector<std::int64_t> lines;
  while (csv.next()) {
    lines.push_back(csv.line_number());
  }
  CHECK(lines == std::vector<std::int64_t>{1, 2, 4});
}

TEST_CASE("empty cells at the ends of a row are cells") {
  CHECK(records(",a,\n") == std::vector<std::vector<std::string>>{{"", "a", ""}});
}

}  // namespace hexgen
