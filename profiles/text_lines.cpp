#include "profiles/text_lines.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "profiles/errors.h"
#include "profiles/file.h"

namespace hexgen {
namespace {

constexpr char kEscape = '\x1b';

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// Without sequences such as "\x1b[4m", which underline the header of nvidia-smi's matrices.
std::string without_colours(const std::string& line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == kEscape && i + 1 < line.size() && line[i + 1] == '[') {
      i = std::min(line.find('m', i), line.size());
    } else {
      plain += line[i];
    }
  }
  return plain;
}

std::string without_mpi_tag(const std::string& line) {
  for (const std::string_view stream : {"]<stdout>:", "]<stderr>:"}) {
    const std::size_t tag = line.find(stream);
    if (tag != std::string::npos && line.front() == '[' &&
        line.find_first_not_of("0123456789,", 1) == tag) {
      return line.substr(tag + stream.size());
    }
  }
  return line;
}

bool printable(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' || blank(c);
  });
}

}  // namespace

TextLines TextLines::read(const std::string& path) {
  TextLines text;
  text.path_ = path;
  std::istringstream stream(read_file(path));
  for (std::string line; std::getline(stream, line);) {
    while (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    text.lines_.push_back(without_colours(without_mpi_tag(line)));
    if (!printable(text.lines_.back())) {
      text.fail(text.lines_.size() - 1, "holds control characters, expected the text of a tool");
    }
  }
  if (text.lines_.empty()) {
    text.fail("is empty");
  }
  return text;
}

void TextLines::fail(std::size_t line, const std::string& problem) const {
  throw InputError(path_ + ": line " + std::to_string(line + 1) + ": " + problem);
}

void TextLines::fail(const std::string& problem) const {
  throw InputError(path_ + ": " + problem);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < line.size()) {
    std::size_t end = begin;
    while (end < line.size() && !blank(line[end])) {
      ++end;
    }
    if (end > begin) {
      words.emplace_back(line.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return words;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  const bool whole = text.size() <= kLongest;
  return "'" + std::string(text.substr(0, kLongest)) + (whole ? "'" : "...'");
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(value);
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<int> count_in(std::string_view text) {
  constexpr int kMost = 1'000'000'000;
  int value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == end;
  return whole && value >= 0 && value <= kMost ? std::optional(value) : std::nullopt;
}

}  // namespace hexgen
