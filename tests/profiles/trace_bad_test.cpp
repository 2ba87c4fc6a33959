#include <doctest/doctest.h>

#include <algorithm>
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

}  // namespace

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
