#include <algorithm>
#include <optional>

#include "profiles/gpu_paths.h"
#include "profiles/text_lines.h"

namespace hexgen {
namespace {

/// "GPU3" -> 3
std::optional<int> gpu_number(const std::string& word) {
  return word.rfind("GPU", 0) == 0 ? count_in(std::string_view(word).substr(3)) : std::nullopt;
}

bool is_p2p_status(const std::string& cell) {
  const std::vector<std::string> statuses = {"OK", "CNS", "GNS", "TNS", "NS", "DR", "U"};
  return std::find(statuses.begin(), statuses.end(), cell) != statuses.end();
}

std::optional<GpuPath> path_of(const std::string& cell) {
  if (cell.rfind("NV", 0) == 0) {
    const auto links = count_in(std::string_view(cell).substr(2));
    return links && *links > 0 ? std::optional(GpuPath{PathKind::kNvLink, *links}) : std::nullopt;
  }
  if (cell == "PIX" || cell == "PXB") {
    return GpuPath{PathKind::kPcieSwitch};
  }
  if (cell == "PHB" || cell == "NODE") {
    return GpuPath{PathKind::kHostBridge};
  }
  return cell == "SYS" ? std::optional(GpuPath{PathKind::kSockets}) : std::nullopt;
}

/// The line that names the columns; the row of GPU0 starts with the same word.
std::size_t header_line(const TextLines& lines) {
  for (std::size_t line = 0; line < lines.size(); ++line) {
    const std::vector<std::string> words = words_of(lines[line]);
    if (!words.empty() && words[0] == "GPU0" && (words.size() == 1 || words[1] != "X")) {
      return line;
    }
  }
  lines.fail("has no header GPU0 GPU1 ..., expected the output of nvidia-smi topo -m");
}

/// Columns GPU0, GPU1, ... come first; "GPU NUMA ID" is none of them.
int count_gpus(const TextLines& lines, std::size_t header) {
  int gpus = 0;
  for (const std::string& word : words_of(lines[header])) {
    const auto number = gpu_number(word);
    if (number && *number != gpus) {
      lines.fail(header,
                 quoted(word) + " is not the next GPU, expected GPU" + std::to_string(gpus));
    }
    gpus += number ? 1 : 0;
  }
  return gpus;
}

void read_row(const TextLines& lines, std::size_t line, int row, GpuPaths& matrix) {
  const std::vector<std::string> words = words_of(lines[line]);
  if (static_cast<int>(words.size()) <= matrix.gpus) {
    lines.fail(line,
               std::to_string(words.size() - 1) + " cells, expected one for each of " +
                   std::to_string(matrix.gpus) + " GPUs");
  }
  for (int column = 0; column < matrix.gpus; ++column) {
    const std::string& cell = words[static_cast<std::size_t>(column) + 1];
    const std::string place = "GPU" + std::to_string(row) + "-GPU" + std::to_string(column) + ": ";
    if (is_p2p_status(cell)) {
      lines.fail(line, place + quoted(cell) + " is of nvidia-smi topo -p2p, expected topo -m");
    }
    const auto path = path_of(cell);
    if ((cell == "X") != (row == column) || (cell != "X" && !path)) {
      lines.fail(line,
                 place + quoted(cell) + ", expected " +
                     (row == column ? "X" : "NV#, PIX, PXB, PHB, NODE or SYS"));
    }
    matrix.paths.push_back(path.value_or(GpuPath{}));
  }
}

void check_symmetric(const TextLines& lines, const GpuPaths& matrix) {
  for (int a = 0; a < matrix.gpus; ++a) {
    for (int b = a + 1; b < matrix.gpus; ++b) {
      if (matrix.between(a, b) != matrix.between(b, a)) {
        lines.fail("GPU" + std::to_string(a) + "-GPU" + std::to_string(b) + " is " +
                   path_name(matrix.between(a, b)) + " one way and " +
                   path_name(matrix.between(b, a)) + " the other");
      }
    }
  }
}

}  // namespace

std::string path_name(const GpuPath& path) {
  switch (path.kind) {
    case PathKind::kNvLink:
      return "NV" + std::to_string(path.nvlinks);
    case PathKind::kPcieSwitch:
      return "PIX";
    case PathKind::kHostBridge:
      return "PHB";
    case PathKind::kSockets:
      break;
  }
  return "SYS";
}

GpuPaths import_topology_matrix(const std::string& path) {
  const TextLines lines = TextLines::read(path);
  const std::size_t header = header_line(lines);
  GpuPaths matrix = {.gpus = count_gpus(lines, header)};
  int rows = 0;
  for (std::size_t line = header + 1; line < lines.size() && rows < matrix.gpus; ++line) {
    const std::vector<std::string> words = words_of(lines[line]);
    if (words.empty() || gpu_number(words[0]) != rows) {
      lines.fail(line, "expected the row of GPU" + std::to_string(rows));
    }
    read_row(lines, line, rows++, matrix);
  }
  if (rows < matrix.gpus) {
    lines.fail("ends before the row of GPU" + std::to_string(rows));
  }
  check_symmetric(lines, matrix);
  return matrix;
}

}  // namespace hexgen
