#include "runner/cuda/cuda_backend.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "profiles/errors.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/cuda_stage_executor.h"
#include "runner/cuda/nccl_group.h"
#include "runner/cuda/staged_group.h"

namespace hexgen {
namespace {

using GpuId = std::string;  // the 16 bytes of a GPU's UUID

int checked(int gpu) {
  const int gpus = num_cuda_gpus();
  if (gpu >= gpus) {
    throw DeviceError("GPU " + std::to_string(gpu) + ": this machine has " + std::to_string(gpus));
  }
  return gpu;
}

GpuId id_of(int gpu) {
  cudaDeviceProp properties{};
  HEXGEN_CUDA_CHECK(cudaGetDeviceProperties(&properties, gpu));
  return {properties.uuid.bytes, sizeof properties.uuid.bytes};
}

/// Sends `own` to the other members and returns whether all members sent different ones.
bool all_differ(const GpuId& own,
                Transport& transport,
                const std::vector<int>& members,
                int channel) {
  std::set<GpuId> ids = {own};
  for (const int member : members) {
    if (member != transport.rank()) {
      transport.send(member, channel, std::as_bytes(std::span(own)));
    }
  }
  for (const int member : members) {
    if (member != transport.rank()) {
      const std::vector<std::byte> id = transport.receive(member, channel);
      ids.emplace(reinterpret_cast<const char*>(id.data()), id.size());
    }
  }
  return ids.size() == members.size();
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
  CudaBackend(int gpu, std::chrono::milliseconds deadline)
      : context_(checked(gpu), deadline) {}

  std::unique_ptr<Communicator> make_communicator(Transport& transport,
                                                  const std::vector<int>& members,
                                                  int channel) override {
    if (members.size() == 1 || !all_differ(id_of(context_.gpu()), transport, members, channel)) {
      return std::make_unique<StagedGroup>(context_, transport, members, channel);
    }
    const auto own = std::find(members.begin(), members.end(), transport.rank());
    return std::make_unique<NcclGroup>(context_,
                                       agree_on_id(transport, members, channel),
                                       static_cast<int>(own - members.begin()),
                                       static_cast<int>(members.size()));
  }

  std::unique_ptr<StageExecutor> make_executor(const ExecutorSetup& setup,
                                               Communicator& stage) override {
    return std::make_unique<CudaStageExecutor>(context_, setup, stage);
  }

 private:
  CudaContext context_;
};

}  // namespace

int num_cuda_gpus() {
  int gpus = 0;
  return cudaGetDeviceCount(&gpus) == cudaSuccess ? gpus : 0;
}

std::unique_ptr<Backend> make_cuda_backend(int gpu, std::chrono::milliseconds deadline) {
  return std::make_unique<CudaBackend>(gpu, deadline);
}

}  // namespace hexgen
