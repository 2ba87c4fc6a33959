#include "profiles/import_nvidia_smi.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "profiles/names.h"
#include "profiles/text_lines.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = line.find(',', begin);
    cells.push_back(trimmed(line.substr(begin, end == std::string::npos ? end : end - begin)));
  }
  return cells;
}

/// A column as the header prints it: "memory.total [MiB]" without its unit.
std::string field_of(const std::string& header) {
  return header.substr(0, header.find(" ["));
}

/// Units stand in the cells too, unless nvidia-smi was given `nounits`.
std::string without_unit(const std::string& cell) {
  return cell.substr(0, cell.find(' '));
}

class Table {
 public:
  explicit Table(const std::string& path)
      : lines_(TextLines::read(path)) {
    for (const std::string& header : cells_of(lines_[0])) {
      fields_.push_back(field_of(header));
    }
    for (const char* needed : {"name", "memory.total"}) {
      if (column(needed) == fields_.size()) {
        lines_.fail(0,
                    std::string("has no column '") + needed +
                        "', expected the header of nvidia-smi --query-gpu=index,name,memory.total "
                        "--format=csv (not noheader)");
      }
    }
  }

  std::size_t size() const { return lines_.size(); }

  /// Empty for a blank line, which ends some captures.
  std::vector<std::string> row(std::size_t line) const {
    std::vector<std::string> cells = cells_of(lines_[line]);
    if (cells.size() == 1 && cells[0].empty()) {
      return {};
    }
    if (cells.size() != fields_.size()) {
      fail(line,
           std::to_string(cells.size()) + " cells, the header has " +
               std::to_string(fields_.size()));
    }
    return cells;
  }

  /// Empty when the column is absent.
  std::string text(const std::vector<std::string>& row, const std::string& field) const {
    const std::size_t at = column(field);
    return at < row.size() ? row[at] : "";
  }

  /// 0 when the column is absent or nvidia-smi has no value for it, as in [N/A].
  int count(const std::vector<std::string>& row, const std::string& field) const {
    return count_in(without_unit(text(row, field))).value_or(0);
  }

  [[noreturn]] void fail(std::size_t line, const std::string& problem) const {
    lines_.fail(line, problem);
  }

  [[noreturn]] void fail(const std::string& problem) const { lines_.fail(problem); }

 private:
  std::size_t column(const std::string& field) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const std::string& known) {
      return equal_ignoring_case(known, field);
    });
    return static_cast<std::size_t>(found - fields_.begin());
  }

  TextLines lines_;
  std::vector<std::string> fields_;
};

double memory_bytes(const Table& table, std::size_t line, const std::vector<std::string>& row) {
  constexpr double kMostMebibytes = 1e8;
  const std::string cell = table.text(row, "memory.total");
  const std::string unit = cell.substr(std::min(cell.find(' '), cell.size()));
  const auto mebibytes = number_in(without_unit(cell));
  if (!mebibytes || !(unit.empty() || unit == " MiB") || *mebibytes > kMostMebibytes) {
    table.fail(line, "memory.total: " + quoted(cell) + " is not a number of MiB");
  }
  if (*mebibytes <= 0) {
    table.fail(line, "memory.total: " + quoted(cell) + ", the GPU is broken or not ready");
  }
  return *mebibytes * kMiB;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

ListedGpu read_gpu(const Table& table, std::size_t line, const std::vector<std::string>& row) {
  const std::string name = table.text(row, "name");
  if (name.empty() || name.front() == '[') {
    table.fail(line, "name: " + quoted(name) + " is not the name of a GPU");
  }
  if (equal_ignoring_case(table.text(row, "mig.mode.current"), "Enabled")) {
    table.fail(line, "mig.mode.current: Enabled, and hexgen plans whole GPUs only");
  }
  const int lanes = table.count(row, "pcie.link.width.current");
  return {.name = name,
          .memory_bytes = memory_bytes(table, line, row),
          .bus_id = lower(table.text(row, "pci.bus_id")),
          .pcie_generation = table.count(row, "pcie.link.gen.max"),
          .pcie_lanes = lanes > 0 ? lanes : table.count(row, "pcie.link.width.max")};
}

}  // namespace

std::vector<ListedGpu> import_nvidia_smi(const std::string& path) {
  const Table table(path);
  std::vector<ListedGpu> gpus;
  std::set<std::string> known;
  const auto refuse_twice = [&](std::size_t line, const char* field, const std::string& value) {
    if (!value.empty() && !known.insert(field + value).second) {
      table.fail(line,
                 std::string(field) + ": " + quoted(value) +
                     " stands here twice, expected the GPUs of one machine");
    }
  };
  for (std::size_t line = 1; line < table.size(); ++line) {
    const std::vector<std::string> row = table.row(line);
    if (row.empty()) {
      continue;
    }
    gpus.push_back(read_gpu(table, line, row));
    refuse_twice(line, "index", table.text(row, "index"));
    refuse_twice(line, "pci.bus_id", gpus.back().bus_id);
  }
  if (gpus.empty()) {
    table.fail("lists no GPU");
  }
  return gpus;
}

}  // namespace hexgen
