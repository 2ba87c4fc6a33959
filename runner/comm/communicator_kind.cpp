#include "runner/comm/communicator_kind.h"

#include "profiles/errors.h"

namespace hexgen {

CommunicatorKind communicator_kind(const std::string& name) {
  for (const CommunicatorKind kind : {CommunicatorKind::kAuto,
                                      CommunicatorKind::kNccl,
                                      CommunicatorKind::kPeer,
                                      CommunicatorKind::kHost}) {
    if (name == name_of(kind)) {
      return kind;
    }
  }
  throw InputError("--communicator: \"" + name + "\", expected auto, nccl, peer or host");
}

const char* name_of(CommunicatorKind kind) {
  switch (kind) {
    case CommunicatorKind::kAuto:
      return "auto";
    case CommunicatorKind::kNccl:
      return "nccl";
    case CommunicatorKind::kPeer:
      return "peer";
    case CommunicatorKind::kHost:
      break;
  }
  return "host";
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
