#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/trace_lines.h"
#include "profiles/trace_reader.h"
#include "profiles/trace_rows.h"

namespace hexgen {

/// Records of a comma-separated file (RFC 4180): quoted cells may hold commas, doubled quotes and
/// line breaks. Blank lines are passed over; spaces around plain cells do not count.
class CsvReader {
 public:
  explicit CsvReader(std::string file)
      : lines_(std::move(file)) {}

  /// Moves to the next record; false at the end of the file.
  bool next();

  /// Cells of the record, valid until the next call of next().
  const std::vector<std::string_view>& cells() const { return cells_; }

  /// Line on which the record begins, from 1.
  std::int64_t line_number() const { return line_number_; }

  const std::string& file() const { return lines_.file(); }

 private:
  void split_plain(std::string_view line);
  void split_quoted();
  void read_quoted_record(std::string_view line);

  LineReader lines_;
  std::int64_t line_number_ = 0;
  std::vector<std::string_view> cells_;
  std::string record_;                 // all lines of a record with quotes
  std::vector<std::string> unquoted_;  // its cells
};

/// How a kind of trace lays out its columns.
struct CsvTraceFormat {
  CsvColumns columns;
  bool timestamp_may_be_missing = false;
  bool zero_output_is_failure = false;  // such rows are skipped, not refused
};

/// Checks the header; throws InputError when a column is missing.
std::unique_ptr<TraceRows> open_csv_trace(const std::string& file, const CsvTraceFormat& format);

}  // namespace hexgen
