#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "profiles/unfinished_file.h"

namespace hexgen {

/// The files that a command writes: opened before its work begins, so that a bad path costs
/// nothing, and named together at its end, so that a failure leaves none of them.
class OutputFiles {
 public:
  /// Where to write the file; null for an empty path. Throws InputError naming the path when it
  /// cannot be written or was opened before.
  std::ostream* open(const std::string& path);

  void complete();

 private:
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<UnfinishedFile>> files_;
};

}  // namespace hexgen
