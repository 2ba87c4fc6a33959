#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "profiles/file.h"

namespace hexgen::test {

/// Compares with tests/golden/<name>; with HEXGEN_UPDATE_GOLDEN set, writes that file instead.
inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/golden/" + name;
  if (std::getenv("HEXGEN_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories("tests/golden");
    write_file(path, text);
  }
  CHECK(text == read_file(path));
}

}  // namespace hexgen::test
