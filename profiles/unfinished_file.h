#pragma once

#include <fstream>
#include <string>

namespace hexgen {

/// A file written piece by piece that appears complete or not at all: it has a temporary name in
/// the same folder until it is completed, and is removed when it is not. A symbolic link is
/// followed; a device or pipe such as /dev/stdout is written as it is.
class UnfinishedFile {
 public:
  /// Throws InputError naming the path when it cannot be written.
  explicit UnfinishedFile(const std::string& path);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  std::ostream& stream() { return stream_; }

  /// Ends the writing. Throws InputError when anything could not be written.
  void close();

  /// Closes the file, if it is not, and gives it its name. Throws InputError like close().
  void complete();

 private:
  void expect(bool done) const;

  std::string path_;
  std::string temporary_;  // = path_ for a device or pipe
  std::ofstream stream_;
};

}  // namespace hexgen
