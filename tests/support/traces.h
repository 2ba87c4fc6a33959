#pragma once

#include <string_view>
#include <vector>

#include "profiles/trace_reader.h"
#include "tests/support/temporary_file.h"

namespace hexgen {

/// All requests that a reader still has.
inline std::vector<RequestSpec> read_all(TraceReader& reader) {
  std::vector<RequestSpec> requests;
  while (const auto request = reader.next()) {
    requests.push_back(*request);
  }
  return requests;
}

/// All requests of a file with this content.
inline std::vector<RequestSpec> read_trace(TraceKind kind,
                                           std::string_view content,
                                           const CsvColumns& columns = {}) {
  const TemporaryFile file(content);
  return read_all(*open_trace({.kind = kind, .file = file.path(), .columns = columns}));
}

}  // namespace hexgen
