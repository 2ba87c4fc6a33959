#include "runner/cuda/peer_group.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "cost_models/index_range.h"
#include "kernels/sum_parts.h"
#include "profiles/errors.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

constexpr int kPartUnit = 8;  // elements: parts of 16-bit elements begin at multiples of 16 bytes

/// Lets the current device, `from`, access the memory of another one, from now on.
void open_access(int from, int to) {
  static std::mutex mutex;
  static std::set<std::pair<int, int>> open;
  const std::lock_guard lock(mutex);
  if (open.contains({from, to})) {
    return;
  }
  const cudaError_t status = cudaDeviceEnablePeerAccess(to, 0);
  if (status == cudaErrorPeerAccessAlreadyEnabled) {
    cudaGetLastError();  // another library has opened it: no error for us
  } else {
    HEXGEN_CUDA_CHECK(status);
  }
  open.insert({from, to});
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

template <typename T>
T value_of(const std::vector<std::byte>& message) {
  T value{};
  std::memcpy(&value, message.data(), std::min(sizeof value, message.size()));
  return value;
}

}  // namespace

PeerGroup::Shared::Shared()
    : slots(kSlots * kOneShotBytes) {
  for (cudaEvent_t& event : events) {
    HEXGEN_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  }
}

PeerGroup::Shared::~Shared() {
  for (const cudaEvent_t event : events) {
    cudaEventDestroy(event);
  }
}

bool PeerGroup::has_access(const std::vector<int>& gpus) {
  for (const int from : gpus) {
    for (const int to : gpus) {
      int access = 1;
      if (from != to) {
        HEXGEN_CUDA_CHECK(cudaDeviceCanAccessPeer(&access, from, to));
      }
      if (access == 0) {
        return false;
      }
    }
  }
  return true;
}

PeerGroup::PeerGroup(const CudaContext& context,
                     Transport& transport,
                     std::vector<int> members,
                     const std::vector<int>& gpus,
                     int channel)
    : context_(context),
      transport_(transport),
      members_(std::move(members)),
      channel_(channel),
      rank_(static_cast<int>(std::find(members_.begin(), members_.end(), transport.rank()) -
                             members_.begin())),
      shared_(members_.size()) {
  for (const int gpu : gpus) {
    if (gpu != context.gpu()) {
      open_access(context.gpu(), gpu);
    }
  }
  share();
}

// Messages are bytes: a peer gets the address of an owner of its own, which it takes over.
void PeerGroup::share() {
  using Owner = std::shared_ptr<Shared>;
  const auto own = std::make_shared<Shared>();
  for (const int member : members_) {
    if (member != transport_.rank()) {
      auto owner = std::make_unique<Owner>(own);
      const Owner* address = owner.get();
      transport_.send(member, channel_, bytes_of(address));
      owner.release();
    }
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i] == transport_.rank()) {
      shared_[i] = own;
    } else {
      const std::unique_ptr<Owner> owner(
          value_of<Owner*>(transport_.receive(members_[i], channel_)));
      shared_[i] = *owner;
    }
  }
}

PeerGroup::Notice PeerGroup::record(std::byte* data, std::size_t bytes) {
  const cudaEvent_t event = shared_[static_cast<std::size_t>(rank_)]->events[next_event_];
  next_event_ = (next_event_ + 1) % kSlots;
  HEXGEN_CUDA_CHECK(cudaEventRecord(event, context_.stream().get()));
  return {.event = event, .data = data, .bytes = bytes};
}

void PeerGroup::tell(int peer, const Notice& notice) {
  transport_.send(members_[static_cast<std::size_t>(peer)], channel_, bytes_of(notice));
}

PeerGroup::Notice PeerGroup::await(int peer, std::size_t bytes) {
  const int from = members_[static_cast<std::size_t>(peer)];
  const auto notice = value_of<Notice>(transport_.receive(from, channel_));
  if (notice.bytes != bytes) {
    throw DeviceError("rank " + std::to_string(transport_.rank()) + ": rank " +
                      std::to_string(from) + " exchanges " + std::to_string(notice.bytes) +
                      " bytes where " + std::to_string(bytes) + " were expected");
  }
  HEXGEN_CUDA_CHECK(cudaStreamWaitEvent(context_.stream().get(), notice.event, 0));
  return notice;
}

std::vector<std::byte*> PeerGroup::meet(std::byte* data, std::size_t bytes) {
  const Notice own = record(data, bytes);
  for (int peer = 0; peer < size(); ++peer) {
    if (peer != rank_) {
      tell(peer, own);
    }
  }
  std::vector<std::byte*> data_of;
  for (int peer = 0; peer < size(); ++peer) {
    data_of.push_back(peer == rank_ ? data : await(peer, bytes).data);
  }
  return data_of;
}

void PeerGroup::copy(const std::byte* from, std::byte* to, std::size_t bytes) {
  HEXGEN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, context_.stream().get()));
}

void PeerGroup::all_reduce_sum(std::byte* values, std::size_t count, ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return sum(reinterpret_cast<float*>(values), count);
    case ElementType::kBfloat16:
      return sum(reinterpret_cast<kernels::Bfloat16*>(values), count);
    case ElementType::kFloat16:
      return sum(reinterpret_cast<kernels::Float16*>(values), count);
  }
}

template <typename T>
void PeerGroup::sum(T* values, std::size_t count) {
  if (count * sizeof(T) <= kOneShotBytes) {
    one_shot_sum(values, count);
  } else {
    two_shot_sum(values, count);
  }
}

// A slot is free again when its turn comes: the peers' streams have met with this one's since they
// read it, in the sum that used the other slot.
template <typename T>
void PeerGroup::one_shot_sum(T* values, std::size_t count) {
  std::byte* slot =
      shared_[static_cast<std::size_t>(rank_)]->slots.data() + next_slot_ * kOneShotBytes;
  next_slot_ = (next_slot_ + 1) % kSlots;
  const std::size_t bytes = count * sizeof(T);
  copy(reinterpret_cast<const std::byte*>(values), slot, bytes);
  add(meet(slot, bytes), 0, count, values);
}

// In place: a rank writes its own part, which nobody else reads, and reads nobody else's.
template <typename T>
void PeerGroup::two_shot_sum(T* values, std::size_t count) {
  const auto units = static_cast<int>((count + kPartUnit - 1) / kPartUnit);
  std::vector<std::size_t> part_bytes;
  std::size_t own_first = 0;
  std::size_t own_count = 0;
  for (int peer = 0; peer < size(); ++peer) {
    const IndexRange range = even_range(units, size(), peer);
    const std::size_t first = std::min(static_cast<std::size_t>(range.first) * kPartUnit, count);
    const std::size_t end = std::min(static_cast<std::size_t>(range.end()) * kPartUnit, count);
    part_bytes.push_back((end - first) * sizeof(T));
    if (peer == rank_) {
      own_first = first;
      own_count = end - first;
    }
  }
  auto* data = reinterpret_cast<std::byte*>(values);
  add(meet(data, count * sizeof(T)), own_first, own_count, values + own_first);
  all_gather(data, part_bytes);
}

template <typename T>
void PeerGroup::add(const std::vector<std::byte*>& addends,
                    std::size_t first,
                    std::size_t count,
                    T* out) {
  kernels::SumPartsData<T> data = {.out = out};
  for (std::size_t i = 0; i < addends.size(); ++i) {
    data.parts[i] = reinterpret_cast<const T*>(addends[i]) + first;
  }
  HEXGEN_CUDA_CHECK(
      kernels::sum_parts<T>({.num_parts = size(), .count = count}, data, context_.stream().get()));
}

void PeerGroup::all_gather(std::byte* data, std::span<const std::size_t> part_bytes) {
  const std::size_t bytes = std::accumulate(part_bytes.begin(), part_bytes.end(), std::size_t{0});
  const std::vector<std::byte*> data_of = meet(data, bytes);
  std::size_t first = 0;
  for (std::size_t peer = 0; peer < data_of.size(); ++peer) {
    if (static_cast<int>(peer) != rank_ && part_bytes[peer] > 0) {
      copy(data_of[peer] + first, data + first, part_bytes[peer]);
    }
    first += part_bytes[peer];
  }
  meet(data, bytes);  // nobody reads this rank's part any more
}

void PeerGroup::broadcast(std::span<std::byte> data, int root) {
  const std::vector<std::byte*> data_of = meet(data.data(), data.size());
  if (rank_ != root) {
    copy(data_of[static_cast<std::size_t>(root)], data.data(), data.size());
  }
  meet(data.data(), data.size());
}

void PeerGroup::send(std::span<const std::byte> data, int peer) {
  const Notice place = await(peer, data.size());
  copy(data.data(), place.data, data.size());
  tell(peer, record(nullptr, data.size()));
}

void PeerGroup::receive(std::span<std::byte> data, int peer) {
  tell(peer, record(data.data(), data.size()));
  await(peer, data.size());
}

}  // namespace hexgen
