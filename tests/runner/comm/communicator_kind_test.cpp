#include "runner/comm/communicator_kind.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::choose_communicator;
using hexgen::communicator_kind;
using hexgen::CommunicatorKind;
using hexgen::GroupTraits;

namespace {

constexpr GroupTraits kTwoGpus = {.size = 2, .own_gpus = true, .peer_access = true};
constexpr GroupTraits kThreeGpus = {.size = 3, .own_gpus = true, .peer_access = true};
constexpr GroupTraits kSharedGpus = {.size = 3, .own_gpus = false, .peer_access = true};
constexpr GroupTraits kSeveralProcesses = {.size = 2, .own_gpus = true, .peer_access = false};
constexpr GroupTraits kOutOfReach = {.size = 2};

}  // namespace

TEST_CASE("left to itself a group takes device memory, NCCL, or host memory if neither works") {
  const auto chosen = [](const GroupTraits& group) {
    return choose_communicator(CommunicatorKind::kAuto, group);
  };
  CHECK(chosen(kTwoGpus) == CommunicatorKind::kPeer);
  CHECK(chosen(kThreeGpus) == CommunicatorKind::kNccl);
  CHECK(chosen(kSharedGpus) == CommunicatorKind::kPeer);
  CHECK(chosen(kSeveralProcesses) == CommunicatorKind::kNccl);
  CHECK(chosen(kOutOfReach) == CommunicatorKind::kHost);
}

TEST_CASE("device memory, when asked for, falls back to host memory where there is no access") {
  const auto chosen = [](const GroupTraits& group) {
    return choose_communicator(CommunicatorKind::kPeer, group);
  };
  CHECK(chosen(kTwoGpus) == CommunicatorKind::kPeer);
  CHECK(chosen(kThreeGpus) == CommunicatorKind::kPeer);
  CHECK(chosen(kSharedGpus) == CommunicatorKind::kPeer);
  CHECK(chosen(kSeveralProcesses) == CommunicatorKind::kHost);
  CHECK(chosen(kOutOfReach) == CommunicatorKind::kHost);
}

TEST_CASE("NCCL, when asked for, is refused to ranks that share a GPU") {
  CHECK(choose_communicator(CommunicatorKind::kNccl, kSeveralProcesses) == CommunicatorKind::kNccl);
  CHECK_THROWS_WITH_AS(choose_communicator(CommunicatorKind::kNccl, kSharedGpus),
                       "--communicator nccl: ranks of a group share a GPU, which NCCL refuses",
                       hexgen::DeviceError);
}

TEST_CASE("communicators have four names") {
  CHECK(communicator_kind("auto") == CommunicatorKind::kAuto);
  CHECK(communicator_kind("nccl") == CommunicatorKind::kNccl);
  CHECK(communicator_kind("peer") == CommunicatorKind::kPeer);
  CHECK(communicator_kind("host") == CommunicatorKind::kHost);
  CHECK_THROWS_WITH_AS(communicator_kind("pigeon"),
                       "--communicator: \"pigeon\", expected auto, nccl, peer or host",
                       hexgen::InputError);
}
