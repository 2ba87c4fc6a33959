#pragma once

#include "profiles/catalogue.h"
#include "profiles/gpu_paths.h"

namespace hexgen {

/// The PCIe connection of a GPU; 0 where it is not known.
struct PcieSlot {
  int generation = 0;
  int lanes = 0;
};

/// The link type of a path between two GPUs of one type. NVLinks: the catalogue's link of their
/// generation, its bandwidth by the number of links. Anything else: PCIe of the slot's generation
/// and lanes, or, where the slot is not known, the GPU type's usual one with 16 lanes. Only full
/// links keep the catalogue's name. Throws InputError for NVLinks that the GPU type cannot have.
LinkType link_of_path(const GpuPath& path,
                      const CatalogueGpu& gpu,
                      const PcieSlot& slot,
                      const Catalogue& catalogue);

}  // namespace hexgen
