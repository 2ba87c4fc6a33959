#pragma once

#include <cstdint>

#include "profiles/trace_reader.h"

namespace hexgen {

/// One request as a trace file states it.
struct TraceRow {
  std::int64_t arrival_ns = 0;  // from an origin of the file's own
  std::int64_t line = 0;        // where it stands, from 1
  int prompt_tokens = 0;
  int output_tokens = 0;
};

/// Rows in the order of the file; one implementation for each family of formats.
class TraceRows {
 public:
  virtual ~TraceRows() = default;

  /// Fills `row`; false at the end of the file.
  virtual bool next(TraceRow& row) = 0;

  virtual TraceNotes notes() const = 0;
};

}  // namespace hexgen
