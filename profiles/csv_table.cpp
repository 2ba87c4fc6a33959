#include "profiles/csv_table.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "profiles/errors.h"
#include "profiles/file.h"

namespace hexgen {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (std::size_t end = line.find(','); end != std::string::npos; end = line.find(',', begin)) {
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  cells.push_back(line.substr(begin));
  return cells;
}

std::vector<std::vector<std::string>> split_lines(const std::string& path) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    lines.push_back(split(line));
    if (lines.back().size() != lines.front().size()) {
      throw InputError(path + ": line " + std::to_string(lines.size()) + ": " +
                       std::to_string(lines.back().size()) + " cells, the first line has " +
                       std::to_string(lines.front().size()));
    }
  }
  if (lines.empty()) {
    throw InputError(path + ": is empty");
  }
  return lines;
}

}  // namespace

CsvTable CsvTable::read(const std::string& path) {
  CsvTable table;
  table.path_ = path;
  table.first_line_ = 2;
  table.rows_ = split_lines(path);
  table.columns_ = table.rows_.front();
  table.rows_.erase(table.rows_.begin());
  return table;
}

CsvTable CsvTable::read_headless(const std::string& path) {
  CsvTable table;
  table.path_ = path;
  table.rows_ = split_lines(path);
  for (std::size_t c = 0; c < table.rows_.front().size(); ++c) {
    table.columns_.push_back(std::to_string(c));
  }
  return table;
}

std::size_t CsvTable::column(const std::string& name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) {
    throw InputError(path_ + ": has no column '" + name + "'");
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  const std::string& cell = text(row, column);
  double value = 0;
  const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != cell.data() + cell.size()) {
    fail(row, "'" + cell + "' is not a number");
  }
  return value;
}

void CsvTable::fail(std::size_t row, const std::string& problem) const {
  throw InputError(path_ + ": line " + std::to_string(row + first_line_) + ": " + problem);
}

}  // namespace hexgen
