#include "profiles/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "profiles/errors.h"

namespace hexgen {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw InputError(path + ": " + what + ": " + std::strerror(errno));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int value)
      : value_(value) {}

  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  ~FileDescriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }

  int get() const { return value_; }

 private:
  int value_;
};

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(static_cast<std::size_t>(written < 0 ? 0 : written));
  }
  return true;
}

/// Device or pipe: there is nothing to rename over.
void write_in_place(const std::string& path, std::string_view content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || !write_all(file.get(), content)) {
    fail(path, "cannot be written");
  }
}

void write_and_rename(const std::string& path, std::string_view content) {
  // The process id keeps two programs that write the same file apart.
  const std::string temporary = path + ".partial-" + std::to_string(::getpid());
  const FileDescriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  const bool written = file.get() >= 0 && write_all(file.get(), content) &&
                       ::fsync(file.get()) == 0 &&
                       std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    std::remove(temporary.c_str());
    errno = error;
    fail(path, "cannot be written");
  }
}

}  // namespace

std::string read_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    fail(path, "cannot be read");
  }
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count == 0) {
      return content;
    }
    if (count > 0) {
      content.append(buffer, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      fail(path, "cannot be read");
    }
  }
}

void write_file(const std::string& path, std::string_view content) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) {
    throw InputError(path + ": is a folder, expected the name of a file to write");
  }
  if (fs::is_regular_file(status)) {
    write_and_rename(fs::canonical(path).string(), content);
  } else if (fs::exists(status)) {
    write_in_place(path, content);
  } else {
    write_and_rename(path, content);
  }
}

}  // namespace hexgen
