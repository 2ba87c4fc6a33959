#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// The lines of what a tool printed: without carriage returns and terminal colours, and without the
/// prefix `[1,0]<stdout>:` that mpirun puts before every line.
class TextLines {
 public:
  /// Throws InputError when the file cannot be read, is empty or holds bytes that no tool prints.
  static TextLines read(const std::string& path);

  std::size_t size() const { return lines_.size(); }

  const std::string& operator[](std::size_t line) const { return lines_[line]; }

  const std::string& path() const { return path_; }

  /// Throws InputError: `path: line 3: problem`, for line 2 of this object.
  [[noreturn]] void fail(std::size_t line, const std::string& problem) const;

  /// Throws InputError about the file as a whole.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  std::string path_;
  std::vector<std::string> lines_;
};

/// What stands between blanks.
std::vector<std::string> words_of(std::string_view line);

/// Without blanks at either end.
std::string trimmed(std::string_view text);

/// The text shortened to fit in a message, in quotes.
std::string quoted(std::string_view text);

/// None unless the whole text is one finite number.
std::optional<double> number_in(std::string_view text);

/// None unless the whole text is digits of a number up to 10^9.
std::optional<int> count_in(std::string_view text);

}  // namespace hexgen
