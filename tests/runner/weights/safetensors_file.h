#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace hexgen::test {

/// A safetensors file with this header and so many bytes of data, of which byte i is i % 251.
inline std::string safetensors_bytes(const std::string& header, std::size_t data_bytes) {
  std::string file;
  for (std::uint64_t length = header.size(), i = 0; i < 8; ++i, length >>= 8) {
    file += static_cast<char>(length & 0xff);
  }
  file += header;
  for (std::size_t i = 0; i < data_bytes; ++i) {
    file += static_cast<char>(i % 251);
  }
  return file;
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace hexgen::test
