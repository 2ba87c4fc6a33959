#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

/// What tools say about machines on which hexgen cannot run, by the paths of their outputs; empty
/// where there is none.
struct MachineFiles {
  std::string nvidia_smi;       // --query-gpu=... --format=csv
  std::string topology_matrix;  // nvidia-smi topo -m
  std::string nccl_topology;    // XML
  std::string nccl_all_reduce;  // output of all_reduce_perf
  std::string nccl_send_recv;   // output of sendrecv_perf
  std::string gpu_type;         // of all GPUs, where no file names it or the catalogue calls it
                                // otherwise
};

struct ImportedCluster {
  Cluster cluster;
  std::vector<std::string> notes;  // what a reader of the file should know, one sentence each
};

/// The machines as a cluster. GPUs come from nvidia-smi, else from the ranks of the tests, else by
/// number from the topology; one node a host and GPU type. The link inside a node is that of its
/// slowest pair: NVLinks by their number, PCIe by generation and lanes, and alpha-beta where
/// nccl-tests ran inside the host. Tests between hosts give the links between the nodes. Throws
/// InputError for files that are broken or contradict each other.
ImportedCluster import_machine(const MachineFiles& files);

/// The text of a cluster file, with the notes.
std::string imported_cluster_text(const ImportedCluster& imported);

}  // namespace hexgen
