#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// One GPU of a machine as nvidia-smi lists it; 0 and empty for what was not asked.
struct ListedGpu {
  std::string name;
  double memory_bytes = 0;
  std::string bus_id;  // in lower case
  int pcie_generation = 0;
  int pcie_lanes = 0;
};

/// Reads `nvidia-smi --query-gpu=name,memory.total,... --format=csv`, with or without `nounits`.
/// Needed are name and memory.total; index, pci.bus_id, pcie.link.gen.max, pcie.link.width.current
/// (else .max) and mig.mode.current are used where they are. The generation that is current is not:
/// an idle GPU lowers it. Throws InputError naming file and line: for cells such as [N/A], for
/// broken GPUs (0 MiB), for GPUs listed twice and for GPUs that are split by MIG.
std::vector<ListedGpu> import_nvidia_smi(const std::string& path);

}  // namespace hexgen
