#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/layer_profile.h"
#include "profiles/model_config.h"
#include "profiles/price_list.h"
#include "profiles/workload_json.h"

namespace {

namespace fs = std::filesystem;

/// Beside each broken file stands the error it must give, without the file's name; "..." at the end
/// stands for words of the JSON library that differ between its versions.
std::string expected_error(const fs::path& file) {
  std::string expected = hexgen::read_file(fs::path(file).replace_extension("expect").string());
  expected.pop_back();  // the line feed
  return file.string() + ": " + expected;
}

bool agree(const std::string& error, const std::string& expected) {
  const std::string open_end = "...";
  const std::size_t fixed = expected.size() - std::min(expected.size(), open_end.size());
  if (expected.substr(fixed) == open_end) {
    return error.substr(0, fixed) == expected.substr(0, fixed);
  }
  return error == expected;
}

std::string error_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const hexgen::InputError& error) {
    return error.what();
  }
  return "(accepted)";
}

int check_folder(const std::string& kind, const std::function<void(const std::string&)>& read) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator("tests/data/bad/" + kind)) {
    if (entry.path().extension() == ".json") {
      ++files;
      const std::string path = entry.path().string();
      const std::string error = error_of([&] { read(path); });
      INFO(error);
      CHECK(error.find('\n') == std::string::npos);
      CHECK_MESSAGE(agree(error, expected_error(path)), expected_error(path));
    }
  }
  return files;
}

}  // namespace

TEST_CASE("every broken cluster file is refused by file, path, value and expectation") {
  CHECK(check_folder("cluster", [](const std::string& path) { hexgen::read_cluster(path); }) >= 30);
}

TEST_CASE("every broken config.json is refused by file, path, value and expectation") {
  CHECK(check_folder("model", [](const std::string& path) { hexgen::read_model(path); }) >= 15);
}

TEST_CASE("every broken layer profile is refused by file, path, value and expectation") {
  CHECK(check_folder("layer_profile",
                     [](const std::string& path) { hexgen::read_layer_profile(path); }) >= 15);
}

TEST_CASE("every broken price list is refused by file, path, value and expectation") {
  CHECK(check_folder("price_list", [](const std::string& path) {
          hexgen::parse_price_list(hexgen::load_price_list_file(path));
        }) >= 20);
}

TEST_CASE("every broken workload file is refused by file, path, value and expectation") {
  CHECK(check_folder("workload", [](const std::string& path) { hexgen::read_workload(path); }) >=
        15);
}
