#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace hexgen {

/// Rows of text under a header and a rule, each column as wide as its widest cell. Cells are UTF-8;
/// one code point counts as one column of the terminal.
class TextTable {
 public:
  enum class Align { kLeft, kRight };

  struct Column {
    std::string title;
    Align align = Align::kRight;
  };

  explicit TextTable(std::vector<Column> columns);

  /// `cells` has one entry a column.
  void add_row(std::vector<std::string> cells);

  /// Every line starts with `indent`; none ends in blanks.
  void print(std::ostream& out, const std::string& indent = "") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "1,234,567"
std::string with_thousands(std::int64_t number);

/// `number` with this many digits after the point.
std::string fixed(double number, int digits);

}  // namespace hexgen
