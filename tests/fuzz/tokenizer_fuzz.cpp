#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "profiles/errors.h"
#include "runner/tokenizer/tokenizer.h"
#include "runner/tokenizer/utf8.h"

// A tokenizer.json is either refused by an InputError of one line, or it encodes any bytes (here
// its own) into tokens that it knows and decodes them to valid UTF-8. Start from
// tests/data/tokenizers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const hexgen::Tokenizer tokenizer = hexgen::Tokenizer::from_json(file, "fuzz");
    const std::vector<int> tokens = tokenizer.encode(file.substr(0, 200));
    for (const int token : tokens) {
      if (!tokenizer.token_of(token)) {
        std::abort();
      }
    }
    if (!hexgen::tokenizer::is_utf8(tokenizer.decode(tokens, false))) {
      std::abort();
    }
  } catch (const hexgen::InputError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) {
      std::abort();
    }
  }
  return 0;
}
