#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// Throws InputError when `file` is not there, is a folder or may not be read.
std::ifstream open_text_file(const std::string& file);

/// Lines of a UTF-8 text file through one buffer. A byte order mark at the start, "\r\n" ends and a
/// last line without end are taken as they are meant.
class LineReader {
 public:
  /// Longer lines are refused; it bounds the memory that a file of one endless line can take.
  static constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;

  /// Throws InputError when the file cannot be read, is compressed or is UTF-16.
  explicit LineReader(std::string file);

  /// The next line without its end, valid until the next call; false at the end of the file.
  bool next(std::string_view& line);

  /// Number of the line that next() gave last, from 1.
  std::int64_t line_number() const { return line_number_; }

  const std::string& file() const { return file_; }

 private:
  std::string_view unread() const;
  bool fill();  // reads on; false when nothing was left
  void skip_byte_order_mark();

  std::string file_;
  std::ifstream stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of the unread bytes in buffer_
  std::size_t end_ = 0;
  std::int64_t line_number_ = 0;
};

}  // namespace hexgen
