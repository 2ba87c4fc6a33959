#include "profiles/unfinished_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "profiles/errors.h"

namespace hexgen {
namespace {

namespace fs = std::filesystem;

std::string final_path(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) {
    throw InputError(path + ": is a folder, expected the name of a file to write");
  }
  return fs::is_regular_file(status) ? fs::canonical(path).string() : path;
}

/// The process id keeps two programs that write the same file apart.
std::string temporary_path(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  const bool in_place = fs::exists(status) && !fs::is_regular_file(status);
  return in_place ? path : path + ".partial-" + std::to_string(::getpid());
}

}  // namespace

UnfinishedFile::UnfinishedFile(const std::string& path)
    : path_(final_path(path)),
      temporary_(temporary_path(path_)),
      stream_(temporary_, std::ios::binary) {
  expect(stream_.is_open());
}

UnfinishedFile::~UnfinishedFile() {
  if (temporary_ != path_) {
    std::remove(temporary_.c_str());
  }
}

void UnfinishedFile::close() {
  if (stream_.is_open()) {
    stream_.close();
  }
  expect(stream_.good());
}

void UnfinishedFile::complete() {
  close();
  expect(temporary_ == path_ || std::rename(temporary_.c_str(), path_.c_str()) == 0);
}

void UnfinishedFile::expect(bool done) const {
  if (!done) {
    throw InputError(path_ + ": cannot be written: " + std::strerror(errno));
  }
}

}  // namespace hexgen
