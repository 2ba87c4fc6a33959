#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// How two GPUs of a machine reach each other, in the words of `nvidia-smi topo -m`, from near to
/// far.
enum class PathKind {
  kNvLink,      // NV#
  kPcieSwitch,  // PIX, PXB
  kHostBridge,  // PHB, NODE
  kSockets      // SYS
};

struct GpuPath {
  PathKind kind = PathKind::kSockets;
  int nvlinks = 0;  // bonded, for kNvLink

  bool operator==(const GpuPath&) const = default;
};

/// "NV18", "PIX", "PHB" or "SYS".
std::string path_name(const GpuPath& path);

/// The paths between the GPUs of one machine.
struct GpuPaths {
  int gpus = 0;
  std::vector<GpuPath> paths;  // [from * gpus + to]; the diagonal is not read

  const GpuPath& between(int from, int to) const {
    return paths[static_cast<std::size_t>(from) * static_cast<std::size_t>(gpus) +
                 static_cast<std::size_t>(to)];
  }
};

/// Reads the output of `nvidia-smi topo -m`, as a terminal, a file or a web page shows it. NIC
/// rows and columns are left out. Throws InputError naming file and line when the matrix is cut
/// off, not symmetric, or that of `topo -p2p`.
GpuPaths import_topology_matrix(const std::string& path);

}  // namespace hexgen
