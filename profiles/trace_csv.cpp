#include "profiles/trace_csv.h"

#include <algorithm>
#include <optional>

#include "profiles/errors.h"
#include "profiles/trace_values.h"

namespace hexgen {

bool CsvReader::next() {
  std::string_view line;
  do {
    if (!lines_.next(line)) {
      return false;
    }
  } while (trimmed(line).empty());
  line_number_ = lines_.line_number();
  cells_.clear();
  if (line.find('"') == std::string_view::npos) {
    split_plain(line);
  } else {
    read_quoted_record(line);
    split_quoted();
  }
  return true;
}

void CsvReader::split_plain(std::string_view line) {
  for (;;) {
    const std::size_t comma = line.find(',');
    cells_.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) {
      return;
    }
    line.remove_prefix(comma + 1);
  }
}

void CsvReader::read_quoted_record(std::string_view line) {
  record_ = line;
  auto quotes = std::count(line.begin(), line.end(), '"');
  while (quotes % 2 != 0) {
    if (record_.size() > LineReader::kMaxLineBytes || !lines_.next(line)) {
      TracePlace{file(), line_number_, "record"}.refuse(record_, "a closing quote");
    }
    record_ += '\n';
    record_ += line;
    quotes += std::count(line.begin(), line.end(), '"');
  }
}

void CsvReader::split_quoted() {
  unquoted_.assign(1, {});
  bool quoted = false;
  char previous = '\0';
  for (const char c : record_) {
    if (c == '"') {
      quoted = !quoted;
      if (quoted && previous == '"') {  // "" inside quotes stands for one quote
        unquoted_.back() += c;
      }
    } else if (c == ',' && !quoted) {
      unquoted_.emplace_back();
    } else {
      unquoted_.back() += c;
    }
    previous = c;
  }
  for (const std::string& cell : unquoted_) {
    cells_.push_back(trimmed(cell));
  }
}

namespace {

/// Rows of a CSV trace whose columns are found by the names in its header line.
class CsvTraceRows : public TraceRows {
 public:
  CsvTraceRows(const std::string& file, CsvTraceFormat format)
      : csv_(file),
        format_(std::move(format)) {
    if (!csv_.next()) {
      throw InputError(file + ": is empty: expected a header line and requests");
    }
    num_columns_ = csv_.cells().size();
    prompt_ = required_column(format_.columns.prompt_tokens);
    output_ = required_column(format_.columns.output_tokens);
    timestamp_ = timestamp_column();
  }

  bool next(TraceRow& row) override {
    do {
      if (!csv_.next()) {
        return false;
      }
    } while (!read(row));
    return true;
  }

  TraceNotes notes() const override {
    return {.has_arrival_times = timestamp_.has_value(), .skipped_rows = skipped_rows_};
  }

 private:
  std::optional<std::size_t> timestamp_column() const {
    const std::string& name = format_.columns.timestamp;
    const bool lengths_only = name.empty() || (format_.timestamp_may_be_missing && !column(name));
    return lengths_only ? std::nullopt : std::optional(required_column(name));
  }

  std::optional<std::size_t> column(const std::string& name) const {
    const auto& header = csv_.cells();
    const auto found = std::find(header.begin(), header.end(), name);
    return found == header.end() ? std::nullopt
                                 : std::optional(static_cast<std::size_t>(found - header.begin()));
  }

  std::size_t required_column(const std::string& name) const {
    const auto& cells = csv_.cells();
    if (std::count(cells.begin(), cells.end(), name) != 1) {
      std::string header;
      for (const std::string_view cell : cells) {
        header += (header.empty() ? "" : ",") + std::string(cell);
      }
      place("header").refuse(header, "one column '" + name + "'");
    }
    return *column(name);
  }

  /// False when the row marks a failed request.
  bool read(TraceRow& row) {
    if (csv_.cells().size() != num_columns_) {
      place("cells").refuse(std::to_string(csv_.cells().size()),
                            std::to_string(num_columns_) + " as in the header");
    }
    row.line = csv_.line_number();
    row.output_tokens = expect_tokens(csv_.cells()[output_],
                                      format_.zero_output_is_failure ? 0 : 1,
                                      place(format_.columns.output_tokens));
    if (row.output_tokens == 0) {
      ++skipped_rows_;
      return false;
    }
    row.prompt_tokens =
        expect_tokens(csv_.cells()[prompt_], 1, place(format_.columns.prompt_tokens));
    if (timestamp_) {
      row.arrival_ns = expect_time_ns(
          csv_.cells()[*timestamp_], format_.columns.time_unit, place(format_.columns.timestamp));
    }
    return true;
  }

  TracePlace place(std::string_view field) const {
    return {csv_.file(), csv_.line_number(), field};
  }

  CsvReader csv_;
  CsvTraceFormat format_;
  std::size_t num_columns_ = 0;
  std::size_t prompt_ = 0;
  std::size_t output_ = 0;
  std::optional<std::size_t> timestamp_;
  std::int64_t skipped_rows_ = 0;
};

}  // namespace

std::unique_ptr<TraceRows> open_csv_trace(const std::string& file, const CsvTraceFormat& format) {
  return std::make_unique<CsvTraceRows>(file, format);
}

}  // namespace hexgen
