#include <cstdlib>
#include <string_view>

#include "profiles/errors.h"
#include "runner/weights/safetensors_index.h"

// An index is either refused by an InputError of one line, or all of its files lie in its folder.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [tensor, file] : hexgen::parse_safetensors_index(text, "fuzz")) {
      if (file == ".." || file.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
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
