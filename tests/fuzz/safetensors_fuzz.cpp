#include <cstdlib>
#include <string_view>

#include "profiles/errors.h"
#include "runner/weights/safetensors_header.h"

// A file is either refused by an InputError of one line, or all of its tensors lie inside it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const std::uint64_t header_bytes = hexgen::safetensors_header_bytes(file, "fuzz");
    const std::uint64_t data_bytes = size - 8 - header_bytes;
    const hexgen::SafetensorsEntries entries =
        hexgen::parse_safetensors_header(file.substr(8, header_bytes), data_bytes, "fuzz");
    for (const auto& [name, entry] : entries) {
      if (entry.begin > entry.end || entry.end > data_bytes) {
        std::abort();
      }
    }
  } catch (const hexgen::InputError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) {
      std::abort();
    }
  }
  return 0;
}
