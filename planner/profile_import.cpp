#include "planner/profile_import.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "profiles/errors.h"
#include "profiles/import_helix.h"
#include "profiles/import_llmservingsim.h"
#include "profiles/machine_import.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

using Importer = std::string (*)(const std::string& path, const ImportOptions& options);

template <LayerProfile (*read_folder)(const std::string&, const LayerProfileSubject&)>
std::string import_layers(const std::string& folder, const ImportOptions& options) {
  if (options.gpu_type.empty() || options.model.empty()) {
    throw InputError("--import: layers need --gpu-type and --model");
  }
  return layer_profile_text(read_folder(
      folder,
      {.gpu_type = options.gpu_type, .model = options.model, .tp_degree = options.tp_degree}));
}

const std::vector<std::pair<std::string, Importer>> kImporters = {
    {"helix", import_layers<import_helix>}, {"llmservingsim", import_layers<import_llmservingsim>}};

/// Kinds that together describe machines.
const std::vector<std::pair<std::string, std::string MachineFiles::*>> kMachineFiles = {
    {"nvidia-smi", &MachineFiles::nvidia_smi},
    {"topo", &MachineFiles::topology_matrix},
    {"nccl-topology", &MachineFiles::nccl_topology},
    {"all-reduce", &MachineFiles::nccl_all_reduce},
    {"send-recv", &MachineFiles::nccl_send_recv}};

/// One KIND:PATH.
struct Source {
  std::string kind;
  std::string path;
};

Source source_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  std::vector<std::string> kinds;
  for (const auto& [name, unused] : kImporters) {
    kinds.push_back(name);
  }
  for (const auto& [name, unused] : kMachineFiles) {
    kinds.push_back(name);
  }
  const bool known = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  if (!known || colon == std::string::npos || colon + 1 == text.size()) {
    throw InputError("--import: '" + text + "' is not KIND:PATH with a known kind, " +
                     (known ? "expected a path after " + kind + ":" : advice(kind, kinds)));
  }
  return {.kind = kind, .path = text.substr(colon + 1)};
}

std::string import_machines(const std::vector<Source>& sources, const ImportOptions& options) {
  MachineFiles files = {.gpu_type = options.gpu_type};
  for (const Source& source : sources) {
    const auto file = std::find_if(kMachineFiles.begin(), kMachineFiles.end(), [&](const auto& f) {
      return f.first == source.kind;
    });
    if (file == kMachineFiles.end()) {
      throw InputError("--import: " + source.kind + " does not go together with other kinds");
    }
    std::string& path = files.*file->second;
    if (!path.empty()) {
      throw InputError("--import: " + source.kind + " stands here twice, " + path + " and " +
                       source.path);
    }
    path = source.path;
  }
  return imported_cluster_text(import_machine(files));
}

}  // namespace

void add_import_options(CLI::App& app, ImportOptions& options) {
  const std::string group = "Import in place of measuring";
  app.add_option(
         "--import",
         options.from,
         "KIND:PATH. Layers: llmservingsim, helix (folders). Machines, any of these together: "
         "nvidia-smi (CSV), topo (nvidia-smi topo -m), nccl-topology (XML), all-reduce and "
         "send-recv (text of nccl-tests); --out is then a cluster file")
      ->group(group);
  app.add_option("--gpu-type", options.gpu_type, "GPU type that was measured")->group(group);
  app.add_option("--model", options.model, "Model that was measured")->group(group);
  app.add_option("--tp-degree", options.tp_degree, "Tensor-parallel degree that was measured")
      ->check(CLI::Range(1, 1024))
      ->group(group)
      ->capture_default_str();
}

std::string import_profile(const ImportOptions& options) {
  std::vector<Source> sources;
  std::transform(options.from.begin(), options.from.end(), std::back_inserter(sources), source_of);
  for (const auto& [name, importer] : kImporters) {
    if (sources.size() == 1 && sources.front().kind == name) {
      return importer(sources.front().path, options);
    }
  }
  return import_machines(sources, options);
}

}  // namespace hexgen
