#include "profiles/path_link.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "profiles/errors.h"

namespace hexgen {
namespace {

/// NVLinks of a GPU that has all of its generation's.
struct NvLinkGeneration {
  int compute_capability;
  const char* link;
  int links;
};

constexpr std::array<NvLinkGeneration, 5> kNvLinks = {{{70, "nvlink2", 6},
                                                       {80, "nvlink3", 12},
                                                       {86, "nvlink-pair", 4},
                                                       {90, "nvlink4", 18},
                                                       {100, "nvlink5", 18}}};

LinkType nvlink(int links, const CatalogueGpu& gpu, const Catalogue& catalogue) {
  const auto generation = std::find_if(kNvLinks.begin(), kNvLinks.end(), [&](const auto& known) {
    return known.compute_capability == gpu.type.compute_capability;
  });
  if (generation == kNvLinks.end() || links > generation->links) {
    throw InputError(std::to_string(links) + " NVLinks between two " + gpu.type.name +
                     ", which has " +
                     (generation == kNvLinks.end() ? "none" : std::to_string(generation->links)));
  }
  LinkType type = catalogue.link(generation->link);
  if (links < generation->links) {
    type.name += "x" + std::to_string(links);
    type.link.bandwidth_bytes_per_s *= static_cast<double>(links) / generation->links;
    type.origin = "default";
    type.source = std::to_string(links) + " of " + std::to_string(generation->links) +
                  " NVLinks; latencies and all-reduce as of " + generation->link;
  }
  return type;
}

/// Where the slot does not say: what the type's machines usually have, else what its time had.
int usual_pcie_generation(const CatalogueGpu& gpu) {
  constexpr int kAmpere = 80;
  constexpr int kHopper = 90;
  const std::string& usual = gpu.usual_link;
  if (usual.rfind("pcie", 0) == 0) {
    return usual[4] - '0';
  }
  return gpu.type.compute_capability < kAmpere ? 3 : gpu.type.compute_capability < kHopper ? 4 : 5;
}

LinkType pcie(const PcieSlot& slot, const CatalogueGpu& gpu, const Catalogue& catalogue) {
  constexpr int kFullLanes = 16;
  const int generation = slot.generation > 0 ? slot.generation : usual_pcie_generation(gpu);
  const int lanes = slot.lanes > 0 ? slot.lanes : kFullLanes;
  const int known = std::clamp(generation, 3, 5);
  const std::string base = "pcie" + std::to_string(known);
  LinkType type = catalogue.link(base);
  if (generation != known || lanes != kFullLanes) {
    type.name = "pcie" + std::to_string(generation) + "x" + std::to_string(lanes);
    type.link.bandwidth_bytes_per_s *=
        std::exp2(generation - known) * static_cast<double>(lanes) / kFullLanes;
    type.origin = "default";
    type.source = std::to_string(lanes) + " lanes of PCIe " + std::to_string(generation) +
                  "; latencies and all-reduce as of " + base;
  }
  return type;
}

}  // namespace

LinkType link_of_path(const GpuPath& path,
                      const CatalogueGpu& gpu,
                      const PcieSlot& slot,
                      const Catalogue& catalogue) {
  return path.kind == PathKind::kNvLink ? nvlink(path.nvlinks, gpu, catalogue)
                                        : pcie(slot, gpu, catalogue);
}

}  // namespace hexgen
