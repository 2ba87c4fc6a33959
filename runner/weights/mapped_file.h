#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hexgen {

/// A file mapped for reading: pages come in as they are touched. Move-only.
class MappedFile {
 public:
  /// Throws InputError naming the path when it cannot be read.
  explicit MappedFile(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hexgen
