#include "planner/profile_import.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "profiles/errors.h"
#include "profiles/import_llmservingsim.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

using Importer = std::string (*)(const std::string& path, const ImportOptions& options);

std::string import_layers(const std::string& folder, const ImportOptions& options) {
  if (options.gpu_type.empty() || options.model.empty()) {
    throw InputError("--import llmservingsim: needs --gpu-type and --model");
  }
  return layer_profile_text(import_llmservingsim(
      folder,
      {.gpu_type = options.gpu_type, .model = options.model, .tp_degree = options.tp_degree}));
}

const std::vector<std::pair<std::string, Importer>> kImporters = {{"llmservingsim", import_layers}};

}  // namespace

void add_import_options(CLI::App& app, ImportOptions& options) {
  const std::string group = "Import in place of measuring";
  app.add_option("--import",
                 options.from,
                 "KIND:PATH with KIND llmservingsim (folder of a per-layer profile)")
      ->group(group);
  app.add_option("--gpu-type", options.gpu_type, "GPU type that was measured")->group(group);
  app.add_option("--model", options.model, "Model that was measured")->group(group);
  app.add_option("--tp-degree", options.tp_degree, "Tensor-parallel degree that was measured")
      ->check(CLI::Range(1, 1024))
      ->group(group)
      ->capture_default_str();
}

std::string import_profile(const ImportOptions& options) {
  const std::size_t colon = options.from.find(':');
  const std::string kind = options.from.substr(0, colon);
  std::vector<std::string> kinds;
  for (const auto& [name, importer] : kImporters) {
    if (name == kind && colon != std::string::npos) {
      return importer(options.from.substr(colon + 1), options);
    }
    kinds.push_back(name);
  }
  throw InputError("--import: '" + options.from + "' is not KIND:PATH with a known kind, " +
                   advice(kind, kinds));
}

}  // namespace hexgen
