#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/trace_reader.h"
#include "tests/support/traces.h"

namespace hexgen {

namespace {

namespace fs = std::filesystem;

/// "" when the trace is read without an error.
std::string error_of(const TraceSource& source) {
  try {
    read_all(*open_trace(source));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// A small valid trace of every kind, in the order of TraceKind.
const std::vector<std::string>& valid_traces() {
  static const std::vector<std::string> traces = {
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n"
      "\"2023-11-16 18:17:04.0319600\",3180,8",
      "{\"timestamp\": 0, \"input_length\": 67, \"output_length\": 5, \"hash_ids\": [0, 1]}\n"
      "{\"timestamp\": 1.5, \"input_length\": 7, \"output_length\": 1}\n",
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
      "5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,0,1087,API log\n",
      "arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,374,44\n1e1,37,4\n",
      "[{\"conversations\": [{\"value\": \"hello there my friend\"}, {\"value\": \"\\u4f60 and "
      "good-bye now\"}]}]",
      "{\"input_toks\": 2358, \"output_toks\": 531, \"arrival_time_ns\": 46926808}\n",
      "timestamp,prompt_tokens,output_tokens\n1700158623.25,1,2.0\n"};
  return traces;
}

/// `text` with one to four bytes replaced, left out or put in, decided by `state` (an LCG).
std::string mutated(std::string text, std::uint64_t& state) {
  const auto draw = [&](std::size_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state >> 33U) % bound;
  };
  const std::string bytes = std::string("\0\n\r\",:[]{}-+.eE0189 x\xEF\xFF", 23);
  for (std::size_t edits = 1 + draw(4); edits > 0; --edits) {
    const std::size_t at = draw(text.size());
    text.replace(at, draw(2), draw(3), bytes[draw(bytes.size())]);
  }
  return text;
}

}  // namespace

TEST_CASE("a damaged trace is read or refused in one line that names the file") {
  std::uint64_t state = 1;
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    for (std::size_t kind = 0; kind < valid_traces().size(); ++kind) {
      const std::string content = mutated(valid_traces()[kind], state);
      const TemporaryFile file(content);
      const std::string error =
          error_of({.kind = static_cast<TraceKind>(kind), .file = file.path(), .columns = {}});
      CAPTURE(content);
      CHECK(error.find('\n') == std::string::npos);
      CHECK((error.empty() || error.rfind(file.path() + ":", 0) == 0));
      refused += error.empty() ? 0 : 1;
    }
  }
  CHECK(refused > 120);  // of 420: the damage is real
}

// tests/data/bad/trace/<kind>_<mistake>.* with its message, without the folder, in *.expect.
TEST_CASE("every broken trace is refused in one line that names file, line, field and value") {
  const std::string folder = "tests/data/bad/trace/";
  int traces = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& file = entry.path();
    if (file.extension() == ".expect") {
      continue;
    }
    CAPTURE(file.filename().string());
    const std::string name = file.filename().string();
    TraceSource source = parse_trace_argument(name.substr(0, name.find('_')) + ":" + file.string());
    std::string expected = folder + read_file(fs::path(file).replace_extension("expect").string());
    CHECK(error_of(source) + "\n" == expected);
    ++traces;
  }
  CHECK(traces >= 20);
}

TEST_CASE("a trace that is not there and a folder are refused by name") {
  CHECK(error_of({.kind = TraceKind::kAzure, .file = "no/such.csv", .columns = {}}) ==
        "no/such.csv: cannot be read: No such file or directory");
  CHECK(error_of({.kind = TraceKind::kShareGpt, .file = "no/such.json", .columns = {}}) ==
        "no/such.json: cannot be read: No such file or directory");
  CHECK(error_of({.kind = TraceKind::kMooncake, .file = "tests", .columns = {}}) ==
        "tests: is a folder: expected a file");
}

}  // namespace hexgen
