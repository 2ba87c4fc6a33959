#include "runner/cuda/cuda_group.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <span>

#include "kernels/sum_parts_shape.h"
#include "runner/cuda/nccl_group.h"
#include "runner/cuda/peer_group.h"
#include "runner/cuda/staged_group.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

/// Tells this process apart from all others.
std::uint64_t process_token() {
  static const std::uint64_t token = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }();
  return token;
}

/// What the members of a group know of each other.
struct Introduction {
  std::array<char, 16> gpu_uuid{};
  std::uint64_t process = 0;
  int gpu = 0;  // index in its process
};

Introduction introduce(int gpu) {
  cudaDeviceProp properties{};
  HEXGEN_CUDA_CHECK(cudaGetDeviceProperties(&properties, gpu));
  Introduction own = {.process = process_token(), .gpu = gpu};
  static_assert(sizeof own.gpu_uuid == sizeof properties.uuid.bytes);
  std::memcpy(own.gpu_uuid.data(), properties.uuid.bytes, own.gpu_uuid.size());
  return own;
}

/// Of all members, in their order.
std::vector<Introduction> exchange_introductions(const Introduction& own,
                                                 Transport& transport,
                                                 const std::vector<int>& members,
                                                 int channel) {
  for (const int member : members) {
    if (member != transport.rank()) {
      transport.send(member, channel, std::as_bytes(std::span(&own, 1)));
    }
  }
  std::vector<Introduction> all;
  for (const int member : members) {
    all.push_back(own);
    if (member != transport.rank()) {
      const std::vector<std::byte> message = transport.receive(member, channel);
      std::memcpy(&all.back(), message.data(), std::min(sizeof own, message.size()));
    }
  }
  return all;
}

std::vector<int> gpus_of(const std::vector<Introduction>& members) {
  std::vector<int> gpus;
  for (const Introduction& member : members) {
    gpus.push_back(member.gpu);
  }
  return gpus;
}

bool can_be_peers(const std::vector<int>& gpus) {
  return gpus.size() <= kernels::kMostSumParts && PeerGroup::has_access(gpus);
}

GroupTraits traits_of(const std::vector<Introduction>& members) {
  std::set<std::array<char, 16>> gpus;
  std::set<std::uint64_t> processes;
  for (const Introduction& member : members) {
    gpus.insert(member.gpu_uuid);
    processes.insert(member.process);
  }
  return {.size = static_cast<int>(members.size()),
          .own_gpus = gpus.size() == members.size(),
          .peer_access = processes.size() == 1 && can_be_peers(gpus_of(members))};
}

/// The id of a new group, made by its first member and sent to the others.
ncclUniqueId agree_on_id(Transport& transport, const std::vector<int>& members, int channel) {
  ncclUniqueId id{};
  if (transport.rank() != members.front()) {
    const std::vector<std::byte> received = transport.receive(members.front(), channel);
    std::memcpy(&id, received.data(), std::min(sizeof id, received.size()));
    return id;
  }
  HEXGEN_NCCL_CHECK(ncclGetUniqueId(&id));
  for (const int member : members) {
    if (member != transport.rank()) {
      transport.send(member, channel, std::as_bytes(std::span(&id, 1)));
    }
  }
  return id;
}

}  // namespace

GroupTraits traits_in_process(const std::vector<int>& gpus) {
  return {.size = static_cast<int>(gpus.size()),
          .own_gpus = std::set<int>(gpus.begin(), gpus.end()).size() == gpus.size(),
          .peer_access = can_be_peers(gpus)};
}

std::unique_ptr<Communicator> make_cuda_group(CudaContext& context,
                                              Transport& transport,
                                              const std::vector<int>& members,
                                              int channel,
                                              CommunicatorKind kind) {
  const std::vector<Introduction> known =
      exchange_introductions(introduce(context.gpu()), transport, members, channel);
  const auto own = std::find(members.begin(), members.end(), transport.rank());
  switch (members.size() == 1 ? CommunicatorKind::kHost
                              : choose_communicator(kind, traits_of(known))) {
    case CommunicatorKind::kNccl:
      return std::make_unique<NcclGroup>(context,
                                         agree_on_id(transport, members, channel),
                                         static_cast<int>(own - members.begin()),
                                         static_cast<int>(members.size()));
    case CommunicatorKind::kPeer:
      return std::make_unique<PeerGroup>(context, transport, members, gpus_of(known), channel);
    default:
      return std::make_unique<StagedGroup>(context, transport, members, channel);
  }
}

}  // namespace hexgen
