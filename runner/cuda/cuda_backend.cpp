#include "runner/cuda/cuda_backend.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kernels/sum_parts_shape.h"
#include "profiles/errors.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/cuda_stage_executor.h"
#include "runner/cuda/nccl_group.h"
#include "runner/cuda/peer_group.h"
#include "runner/cuda/staged_group.h"

namespace hexgen {
namespace {

int checked(int gpu) {
  const int gpus = num_cuda_gpus();
  if (gpu >= gpus) {
    throw DeviceError("GPU " + std::to_string(gpu) + ": this machine has " + std::to_string(gpus));
  }
  return gpu;
}

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

GroupTraits traits_of(const std::vector<Introduction>& members) {
  std::set<std::array<char, 16>> gpus;
  std::set<std::uint64_t> processes;
  for (const Introduction& member : members) {
    gpus.insert(member.gpu_uuid);
    processes.insert(member.process);
  }
  return {.size = static_cast<int>(members.size()),
          .own_gpus = gpus.size() == members.size(),
          .peer_access = processes.size() == 1 && members.size() <= kernels::kMostSumParts &&
                         PeerGroup::has_access(gpus_of(members))};
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

class CudaBackend : public Backend {
 public:
  CudaBackend(int gpu, const CudaBackendOptions& options)
      : context_(checked(gpu), options.sm_limit, options.deadline),
        options_(options) {}

  std::unique_ptr<Communicator> make_communicator(Transport& transport,
                                                  const std::vector<int>& members,
                                                  int channel) override {
    const std::vector<Introduction> known =
        exchange_introductions(introduce(context_.gpu()), transport, members, channel);
    const auto own = std::find(members.begin(), members.end(), transport.rank());
    switch (members.size() == 1 ? CommunicatorKind::kHost
                                : choose_communicator(options_.communicator, traits_of(known))) {
      case CommunicatorKind::kNccl:
        return std::make_unique<NcclGroup>(context_,
                                           agree_on_id(transport, members, channel),
                                           static_cast<int>(own - members.begin()),
                                           static_cast<int>(members.size()));
      case CommunicatorKind::kPeer:
        return std::make_unique<PeerGroup>(context_, transport, members, gpus_of(known), channel);
      default:
        return std::make_unique<StagedGroup>(context_, transport, members, channel);
    }
  }

  std::unique_ptr<StageExecutor> make_executor(const ExecutorSetup& setup,
                                               Communicator& stage) override {
    if (options_.dtype == ElementType::kFloat16) {
      return std::make_unique<CudaStageExecutor<kernels::Float16>>(context_, setup, stage);
    }
    return std::make_unique<CudaStageExecutor<kernels::Bfloat16>>(context_, setup, stage);
  }

 private:
  CudaContext context_;
  CudaBackendOptions options_;
};

}  // namespace

int num_cuda_gpus() {
  int gpus = 0;
  return cudaGetDeviceCount(&gpus) == cudaSuccess ? gpus : 0;
}

std::unique_ptr<Backend> make_cuda_backend(int gpu, const CudaBackendOptions& options) {
  return std::make_unique<CudaBackend>(gpu, options);
}

}  // namespace hexgen
