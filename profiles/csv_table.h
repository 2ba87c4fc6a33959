#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// A comma-separated file with a header line and no quotes, as the public profiles come.
class CsvTable {
 public:
  /// Throws InputError when the file cannot be read or a line has another number of cells than the
  /// header.
  static CsvTable read(const std::string& path);

  /// The same for a file without header: columns are called "0", "1", ...
  static CsvTable read_headless(const std::string& path);

  std::size_t num_rows() const { return rows_.size(); }

  /// Throws InputError when there is no such column.
  std::size_t column(const std::string& name) const;

  const std::string& text(std::size_t row, std::size_t column) const { return rows_[row][column]; }

  /// Throws InputError naming file and line when the cell is not a number.
  double number(std::size_t row, std::size_t column) const;

  /// Throws InputError naming file and line.
  [[noreturn]] void fail(std::size_t row, const std::string& problem) const;

 private:
  std::string path_;
  std::size_t first_line_ = 1;  // line of the file that row 0 stands on
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hexgen
