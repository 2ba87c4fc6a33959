#include "cost_models/text_table.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <ostream>

namespace hexgen {
namespace {

constexpr const char* kGap = "  ";

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(const std::string& text, std::size_t columns, TextTable::Align align) {
  std::string cell(columns - width(text), ' ');
  cell.insert(align == TextTable::Align::kLeft ? 0 : cell.size(), text);
  return cell;
}

void print_line(std::ostream& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns)
    : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::print(std::ostream& out, const std::string& indent) const {
  std::string header = indent;
  std::string rule = indent;
  std::vector<std::string> lines(rows_.size(), indent);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    std::size_t columns = width(column.title);
    for (const std::vector<std::string>& row : rows_) {
      columns = std::max(columns, width(row[c]));
    }
    header += padded(column.title, columns, column.align) + kGap;
    for (std::size_t i = 0; i < columns; ++i) {
      rule += "─";
    }
    rule += kGap;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      lines[r] += padded(rows_[r][c], columns, column.align) + kGap;
    }
  }
  print_line(out, header);
  print_line(out, rule);
  for (const std::string& line : lines) {
    print_line(out, line);
  }
}

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t end = digits.size(); end > first + 3; end -= 3) {
    digits.insert(end - 3, 1, ',');
  }
  return digits;
}

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

}  // namespace hexgen
