#pragma once

#include <memory>
#include <string>
#include <vector>

#include "profiles/trace_reader.h"
#include "profiles/trace_rows.h"

namespace hexgen {

/// A key that can hold the arrival.
struct TimeKey {
  std::string key;
  TimeUnit unit = TimeUnit::kSeconds;
};

/// Which keys of the object on each line hold what; other keys are passed over.
struct JsonLinesFormat {
  std::vector<TimeKey> times;  // the first one that the first row has counts for all rows
  std::string prompt_tokens;
  std::string output_tokens;
};

std::unique_ptr<TraceRows> open_json_lines_trace(const std::string& file,
                                                 const JsonLinesFormat& format);

}  // namespace hexgen
