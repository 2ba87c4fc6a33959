#include "runner/comm/communicator_kind.h"

#include "profiles/errors.h"

namespace hexgen {

CommunicatorKind communicator_kind(const std::string& name) {
  if (name == "auto") {
    return CommunicatorKind::kAuto;
  }
  if (name == "nccl") {
    return CommunicatorKind::kNccl;
  }
  if (name == "peer") {
    return CommunicatorKind::kPeer;
  }
  if (name == "host") {
    return CommunicatorKind::kHost;
  }
  throw InputError("--communicator: \"" + name + "\", expected auto, nccl, peer or host");
}

CommunicatorKind choose_communicator(CommunicatorKind wanted, const GroupTraits& group) {
  switch (wanted) {
    case CommunicatorKind::kNccl:
      if (!group.own_gpus) {
        throw DeviceError("--communicator nccl: ranks of a group share a GPU, which NCCL refuses");
      }
      return wanted;
    case CommunicatorKind::kPeer:
      return group.peer_access ? wanted : CommunicatorKind::kHost;
    case CommunicatorKind::kHost:
      return wanted;
    case CommunicatorKind::kAuto:
      break;
  }
  if (group.peer_access && (group.size == 2 || !group.own_gpus)) {
    return CommunicatorKind::kPeer;
  }
  return group.own_gpus ? CommunicatorKind::kNccl : CommunicatorKind::kHost;
}

}  // namespace hexgen
