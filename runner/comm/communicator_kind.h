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

/// What decides how a group can talk.
struct GroupTraits {
  bool own_gpus = false;     // no two ranks share one
  bool peer_access = false;  // one process, in which each rank can access each other's memory
};

/// What carries a group: kAuto prefers NCCL and leaves to host memory what NCCL refuses; kPeer
/// leaves the same to groups without access. Throws DeviceError for kNccl where ranks share a GPU.
CommunicatorKind choose_communicator(CommunicatorKind wanted, const GroupTraits& group);

}  // namespace hexgen
