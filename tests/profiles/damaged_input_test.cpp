#include <doctest/doctest.h>

#include <functional>

#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"
#include "profiles/workload_json.h"

using hexgen::InputFile;

namespace {

/// Reads the text with each byte in turn replaced, and cut off after each byte. What comes of it is
/// a value or one InputError that names the file; anything else ends the test.
void read_damaged(InputFile file, const std::function<void(const InputFile&)>& read) {
  file.label = "damaged.json";
  const std::string text = file.text;
  int refused = 0;
  const auto attempt = [&](const std::string& damaged) {
    file.text = damaged;
    try {
      read(file);
    } catch (const hexgen::InputError& error) {
      const std::string message = error.what();
      CHECK(message.substr(0, 14) == "damaged.json: ");
      CHECK(message.find('\n') == std::string::npos);
      ++refused;
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char byte : {'"', '9', '\xff'}) {
      std::string damaged = text;
      damaged[i] = byte;
      attempt(damaged);
    }
    attempt(text.substr(0, i));
  }
  CHECK(refused > static_cast<int>(text.size()));  // at least every file that was cut off
}

const char* const kCluster =
    R"({"format": "hexgen.cluster/1", "nodes": [{"name": "a", "region": "r", "gpu_type": "T4",
    "gpus": 2, "price_per_hour": 1.5, "assumed": ["gpus"]}, {"name": "b", "region": "s",
    "gpu_type": "L4", "gpus": 1}], "links": {"regions": [{"between": ["r", "s"], "latency_ms": 5,
    "bandwidth_gb_per_s": 1}]}})";

}  // namespace

TEST_CASE("a damaged cluster file is read or refused by name, never anything else") {
  read_damaged({.role = "cluster", .name = "c", .label = "", .text = kCluster},
               [](const InputFile& file) { hexgen::parse_cluster(file); });
}

TEST_CASE("a damaged config.json is read or refused by name, never anything else") {
  read_damaged(hexgen::load_model_file("llama-3.1-8b"),
               [](const InputFile& file) { hexgen::parse_model(file); });
}

TEST_CASE("a damaged workload file is read or refused by name, never anything else") {
  read_damaged(hexgen::load_workload_file("hexgen-32"),
               [](const InputFile& file) { hexgen::parse_workload(file); });
}
