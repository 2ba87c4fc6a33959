#include "profiles/trace_writer.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

std::string written(const std::vector<RequestSpec>& requests) {
  std::ostringstream out;
  MooncakeWriter writer(out);
  for (const RequestSpec& request : requests) {
    writer.write(request);
  }
  return out.str();
}

}  // namespace

TEST_CASE("a mooncake line has a hash id for every 512 prompt tokens, none of them twice") {
  CHECK(written({{0, 512, 8}, {0.0525, 513, 1}, {3, 1, 2}}) ==
        R"({"timestamp": 0, "input_length": 512, "output_length": 8, "hash_ids": [0]})"
        "\n"
        R"({"timestamp": 52.5, "input_length": 513, "output_length": 1, "hash_ids": [1, 2]})"
        "\n"
        R"({"timestamp": 3000, "input_length": 1, "output_length": 2, "hash_ids": [3]})"
        "\n");
}

TEST_CASE("requests written as mooncake are read back unchanged, to the nanosecond") {
  // Up to 7 days; every arrival is a whole number of nanoseconds.
  std::vector<RequestSpec> requests = {{0, 4808, 10}};
  for (std::int64_t ns = 1; ns < 604'800'000'000'000; ns = ns * 7 + 3) {
    requests.push_back({static_cast<double>(ns) / 1e9, static_cast<int>(ns % 9'999) + 1, 7});
  }
  const auto read = read_trace(TraceKind::kMooncake, written(requests));
  REQUIRE(read.size() == requests.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i].arrival_s == requests[i].arrival_s);
    CHECK(read[i].prompt_tokens == requests[i].prompt_tokens);
    CHECK(read[i].output_tokens == requests[i].output_tokens);
  }
}

TEST_CASE("a whole trace is converted into a mooncake file") {
  const TemporaryFile from(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n"
      "2023-11-16 18:17:03.9799600,48,10\n2023-11-16 18:17:04.0319601,3,8\n");
  const TemporaryFile to("old content");
  const TraceSource source = {.kind = TraceKind::kAzure, .file = from.path(), .columns = {}};
  write_mooncake(*open_trace(source), to.path());
  CHECK(read_file(to.path()) ==
        R"({"timestamp": 0, "input_length": 48, "output_length": 10, "hash_ids": [0]})"
        "\n"
        R"({"timestamp": 52.0001, "input_length": 3, "output_length": 8, "hash_ids": [1]})"
        "\n");
}

TEST_CASE("a conversion that fails leaves the file as it was and nothing beside it") {
  std::string rows = "arrived_at,num_prefill_tokens,num_decode_tokens\n";
  for (int i = 0; i < 2 * TraceReader::kReorderWindow; ++i) {
    rows += "1,2,3\n";
  }
  const TemporaryFile from(rows + "1,2,0\n");
  const std::filesystem::path folder = from.path() + ".folder";
  std::filesystem::create_directory(folder);
  const std::string to = (folder / "out.jsonl").string();
  write_file(to, "old content");
  const auto trace = open_trace({.kind = TraceKind::kVidur, .file = from.path(), .columns = {}});
  CHECK_THROWS_AS(write_mooncake(*trace, to), InputError);
  CHECK(read_file(to) == "old content");
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file that cannot be written is refused by name") {
  const TemporaryFile from("num_prefill_tokens,num_decode_tokens\n3,4\n");
  const auto trace = open_trace({.kind = TraceKind::kVidur, .file = from.path(), .columns = {}});
  CHECK_THROWS_WITH_AS(write_mooncake(*trace, "no/such/folder/out.jsonl"),
                       "no/such/folder/out.jsonl: cannot be written: No such file or directory",
                       InputError);
}

}  // namespace hexgen
