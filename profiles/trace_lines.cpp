#include "profiles/trace_lines.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "profiles/errors.h"

namespace hexgen {

namespace {

constexpr std::size_t kFirstBufferBytes = std::size_t{1} << 16;

}  // namespace

std::ifstream open_text_file(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw InputError(file + ": is a folder: expected a file");
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw InputError(file + ": cannot be read: " + std::strerror(errno));
  }
  return stream;
}

LineReader::LineReader(std::string file)
    : file_(std::move(file)),
      stream_(open_text_file(file_)),
      buffer_(kFirstBufferBytes) {
  fill();
  skip_byte_order_mark();
}

void LineReader::skip_byte_order_mark() {
  const std::string_view head(buffer_.data(), end_);
  if (head.starts_with("\xEF\xBB\xBF")) {
    begin_ = 3;
  } else if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    throw InputError(file_ + ": is UTF-16: expected UTF-8");
  } else if (head.starts_with("\x1F\x8B") || head.starts_with("\x28\xB5\x2F\xFD")) {
    throw InputError(file_ + ": is compressed: expected plain text");
  }
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = 0;
  std::size_t length = 0;
  while ((length = unread().find('\n', searched)) == std::string_view::npos) {
    searched = unread().size();
    if (!fill()) {
      length = searched;
      break;
    }
  }
  if (unread().empty()) {
    return false;
  }
  line = unread().substr(0, length);
  begin_ = std::min(begin_ + length + 1, end_);
  ++line_number_;
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return true;
}

std::string_view LineReader::unread() const {
  return {buffer_.data() + begin_, end_ - begin_};
}

bool LineReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ >= kMaxLineBytes) {
    throw InputError(file_ + ":" + std::to_string(line_number_ + 1) + ": line: longer than " +
                     std::to_string(kMaxLineBytes >> 20) + " MiB: expected one request a line");
  }
  if (end_ == buffer_.size()) {
    buffer_.resize(2 * buffer_.size());
  }
  stream_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  if (stream_.bad()) {
    throw InputError(file_ + ": cannot be read: " + std::strerror(errno));
  }
  end_ += static_cast<std::size_t>(stream_.gcount());
  return stream_.gcount() > 0;
}

}  // namespace hexgen
