#pragma once

#include <string>
#include <vector>

#include "profiles/gpu_paths.h"

namespace hexgen {

/// A network interface of a machine.
struct NetInterface {
  std::string name;
  double bandwidth_bytes_per_s = 0;
};

/// A machine as NCCL sees it (NCCL_TOPO_DUMP_FILE, NCCL_TOPO_FILE).
struct NcclTopology {
  GpuPaths paths;
  std::vector<std::string> bus_ids;  // of the GPUs, in lower case
  int compute_capability = 0;        // 0: the file does not say
  int pcie_generation = 0;           // of the slowest GPU; 0: the file does not say
  int pcie_lanes = 0;                // of the GPU with the fewest; 0: the file does not say
  std::vector<NetInterface> nets;
  bool nvlink_peers_unknown = false;  // there are NVLinks whose other end the file hides
};

/// Reads the XML. GPUs are the <pci> of class 0x0302; the nearest element above two of them says
/// how they reach each other, unless <nvlink> joins them, directly or through NVSwitches. Throws
/// InputError naming file and line; a graph file (NCCL_GRAPH_DUMP_FILE) is refused by name.
NcclTopology import_nccl_topology(const std::string& path);

}  // namespace hexgen
