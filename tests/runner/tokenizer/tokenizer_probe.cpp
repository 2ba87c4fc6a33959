// Encodes each line of the standard input, a JSON string, and prints {"tokens": [..], "text": ".."}
// for it, so that scripts/compare_tokenizer.py can compare with another library.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "profiles/errors.h"
#include "runner/tokenizer/tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tokenizer_probe tokenizer.json\n";
    return static_cast<int>(hexgen::ExitCode::kBadInput);
  }
  try {
    const hexgen::Tokenizer tokenizer = hexgen::Tokenizer::from_file(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      const std::vector<int> tokens =
          tokenizer.encode(nlohmann::json::parse(line).get<std::string>());
      const nlohmann::json result = {{"tokens", tokens}, {"text", tokenizer.decode(tokens)}};
      std::cout << result.dump() << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "tokenizer_probe: error: " << error.what() << '\n';
    return static_cast<int>(hexgen::ExitCode::kBadInput);
  }
  return static_cast<int>(hexgen::ExitCode::kDone);
}
