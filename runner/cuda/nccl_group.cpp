#include "runner/cuda/nccl_group.h"

#include <string>
#include <thread>
#include <utility>

#include "profiles/errors.h"
#include "runner/cuda_check.h"

// A communicator that does not block answers ncclInProgress where others would wait.
#define HEXGEN_NCCL_START(call)                                                        \
  do {                                                                                 \
    const ncclResult_t started = (call);                                               \
    ::hexgen::check_nccl(                                                              \
        started == ncclInProgress ? ncclSuccess : started, #call, __FILE__, __LINE__); \
  } while (false)

namespace hexgen {
namespace {

ncclDataType_t nccl_type(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return ncclFloat32;
    case ElementType::kBfloat16:
      return ncclBfloat16;
    case ElementType::kFloat16:
      return ncclFloat16;
  }
  throw DeviceError("NCCL: unknown element type");
}

}  // namespace

NcclGroup::NcclGroup(CudaContext& context, const ncclUniqueId& id, int rank, int size)
    : context_(context),
      rank_(rank),
      size_(size) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  HEXGEN_NCCL_START(ncclCommInitRankConfig(&communicator_, size, id, rank, &config));
  try {
    settle();
  } catch (...) {
    abort();
    throw;
  }
  context.watch(*this);
}

NcclGroup::~NcclGroup() {
  context_.forget(*this);
  abort();
}

void NcclGroup::abort() noexcept {
  if (communicator_ != nullptr) {
    ncclCommAbort(std::exchange(communicator_, nullptr));
  }
}

void NcclGroup::check() const {
  ncclResult_t state = ncclSuccess;
  HEXGEN_NCCL_CHECK(ncclCommGetAsyncError(communicator_, &state));
  if (state != ncclInProgress) {
    HEXGEN_NCCL_CHECK(state);
  }
}

void NcclGroup::settle() const {
  const auto end = std::chrono::steady_clock::now() + context_.deadline();
  ncclResult_t state = ncclInProgress;
  for (;;) {
    HEXGEN_NCCL_CHECK(ncclCommGetAsyncError(communicator_, &state));
    if (state != ncclInProgress) {
      HEXGEN_NCCL_CHECK(state);
      return;
    }
    if (std::chrono::steady_clock::now() > end) {
      throw DeviceError("NCCL: no connection to all of " + std::to_string(size_) +
                        " ranks within " + std::to_string(context_.deadline().count()) + " ms");
    }
    std::this_thread::yield();
  }
}

void NcclGroup::all_reduce_sum(std::byte* values, std::size_t count, ElementType type) {
  HEXGEN_NCCL_START(
      ncclAllReduce(values, values, count, nccl_type(type), ncclSum, communicator_, stream()));
  settle();
}

void NcclGroup::all_gather(std::byte* data, std::span<const std::size_t> part_bytes) {
  HEXGEN_NCCL_CHECK(ncclGroupStart());
  const std::byte* own = data;
  for (int peer = 0; peer < rank_; ++peer) {
    own += part_bytes[static_cast<std::size_t>(peer)];
  }
  const std::size_t own_bytes = part_bytes[static_cast<std::size_t>(rank_)];
  for (int peer = 0; peer < size_; ++peer) {
    const std::size_t bytes = part_bytes[static_cast<std::size_t>(peer)];
    if (peer != rank_ && own_bytes > 0) {
      HEXGEN_NCCL_START(ncclSend(own, own_bytes, ncclInt8, peer, communicator_, stream()));
    }
    if (peer != rank_ && bytes > 0) {
      HEXGEN_NCCL_START(ncclRecv(data, bytes, ncclInt8, peer, communicator_, stream()));
    }
    data += bytes;
  }
  HEXGEN_NCCL_START(ncclGroupEnd());
  settle();
}

void NcclGroup::broadcast(std::span<std::byte> data, int root) {
  HEXGEN_NCCL_START(ncclBroadcast(
      data.data(), data.data(), data.size(), ncclInt8, root, communicator_, stream()));
  settle();
}

void NcclGroup::send(std::span<const std::byte> data, int peer) {
  HEXGEN_NCCL_START(ncclSend(data.data(), data.size(), ncclInt8, peer, communicator_, stream()));
  settle();
}

void NcclGroup::receive(std::span<std::byte> data, int peer) {
  HEXGEN_NCCL_START(ncclRecv(data.data(), data.size(), ncclInt8, peer, communicator_, stream()));
  settle();
}

}  // namespace hexgen
