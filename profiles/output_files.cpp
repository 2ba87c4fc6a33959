#include "profiles/output_files.h"

#include <algorithm>
#include <filesystem>

#include "profiles/errors.h"

namespace hexgen {

std::ostream* OutputFiles::open(const std::string& path) {
  if (path.empty()) {
    return nullptr;
  }
  std::error_code ignored;
  const std::string place = std::filesystem::weakly_canonical(path, ignored).string();
  if (std::find(paths_.begin(), paths_.end(), place) != paths_.end()) {
    throw InputError(path + ": two outputs cannot be one file");
  }
  paths_.push_back(place);
  files_.push_back(std::make_unique<UnfinishedFile>(path));
  return &files_.back()->stream();
}

void OutputFiles::complete() {
  for (const auto& file : files_) {
    file->close();  // while none has its name, any may fail
  }
  for (const auto& file : files_) {
    file->complete();
  }
}

}  // namespace hexgen
