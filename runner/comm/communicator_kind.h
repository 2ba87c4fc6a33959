#pragma once

#include <string>

namespace hexgen {

/// How ranks on GPUs exchange data. kAuto is for people: choose_communicator() decides.
enum class CommunicatorKind {
  kAuto,
  kNccl,  // between any GPUs, one rank each
  kPeer,  // through device memory, between threads of one process
  kHost   // through host memory, between any ranks
};

/// "auto", "nccl", "peer" or "host". Throws InputError for other names.
CommunicatorKind communicator_kind(const std::string& name);

/// The inverse.
const char* name_of(CommunicatorKind kind);

/// What decides how a group can talk.
struct GroupTraits {
  int size = 0;
  bool own_gpus = false;     // no two ranks share one
  bool peer_access = false;  // one process, in which each rank can access each other's memory
};

/// What carries a group. kAuto: kPeer where ranks have access and share a GPU or are two, up to
/// which it has been measured against NCCL; else kNccl where each has a GPU, else kHost. kPeer
/// becomes kHost without access. Throws DeviceError for kNccl where ranks share a GPU.
CommunicatorKind choose_communicator(CommunicatorKind wanted, const GroupTraits& group);

}  // namespace hexgen
