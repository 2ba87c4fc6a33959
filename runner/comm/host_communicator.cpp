#include "runner/comm/host_communicator.h"

#include <algorithm>
#include <functional>
#include <string>

#include "cost_models/index_range.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

int position_of(int rank, const std::vector<int>& members) {
  return static_cast<int>(std::find(members.begin(), members.end(), rank) - members.begin());
}

}  // namespace

HostCommunicator::HostCommunicator(Transport& transport, std::vector<int> members, int channel)
    : transport_(transport),
      members_(std::move(members)),
      channel_(channel),
      rank_(position_of(transport.rank(), members_)) {}

void HostCommunicator::send(std::span<const std::byte> data, int peer) {
  transport_.send(members_[static_cast<std::size_t>(peer)], channel_, data);
}

void HostCommunicator::receive(std::span<std::byte> data, int peer) {
  const int from = members_[static_cast<std::size_t>(peer)];
  const std::vector<std::byte> message = transport_.receive(from, channel_);
  if (message.size() != data.size()) {
    throw DeviceError("rank " + std::to_string(transport_.rank()) + ": rank " +
                      std::to_string(from) + " sent " + std::to_string(message.size()) +
                      " bytes where " + std::to_string(data.size()) + " were expected");
  }
  std::copy(message.begin(), message.end(), data.begin());
}

void HostCommunicator::all_reduce_sum(std::byte* values, std::size_t count, ElementType type) {
  if (type != ElementType::kFloat32) {
    throw DeviceError("the host communicator adds fp32 only");
  }
  const std::span<float> all(reinterpret_cast<float*>(values), count);
  if (size() == 1) {
    return;
  }
  if (all.size_bytes() <= kOneShotBytes) {
    one_shot_sum(all);
  } else {
    two_shot_sum(all);
  }
}

void HostCommunicator::one_shot_sum(std::span<float> values) {
  for (int peer = 0; peer < size(); ++peer) {
    if (peer != rank_) {
      send(std::as_bytes(values), peer);
    }
  }
  add_in_rank_order(values);
}

void HostCommunicator::two_shot_sum(std::span<float> values) {
  std::vector<std::size_t> part_bytes;
  std::span<float> own;
  for (int peer = 0; peer < size(); ++peer) {
    const IndexRange range = even_range(static_cast<int>(values.size()), size(), peer);
    const std::span<float> part = values.subspan(static_cast<std::size_t>(range.first),
                                                 static_cast<std::size_t>(range.count));
    part_bytes.push_back(part.size_bytes());
    if (peer == rank_) {
      own = part;
    } else {
      send(std::as_bytes(part), peer);
    }
  }
  add_in_rank_order(own);
  all_gather(reinterpret_cast<std::byte*>(values.data()), part_bytes);
}

void HostCommunicator::add_in_rank_order(std::span<float> own) {
  std::vector<float> sum(own.size(), 0.0F);
  std::vector<float> received(own.size());
  for (int peer = 0; peer < size(); ++peer) {
    std::span<const float> addend = own;
    if (peer != rank_) {
      receive(std::as_writable_bytes(std::span(received)), peer);
      addend = received;
    }
    std::transform(sum.begin(), sum.end(), addend.begin(), sum.begin(), std::plus<>());
  }
  std::copy(sum.begin(), sum.end(), own.begin());
}

void HostCommunicator::all_gather(std::byte* data, std::span<const std::size_t> part_bytes) {
  std::vector<std::span<std::byte>> parts;
  for (const std::size_t bytes : part_bytes) {
    parts.emplace_back(data, bytes);
    data += bytes;
  }
  const std::span<const std::byte> own = parts[static_cast<std::size_t>(rank_)];
  for (int peer = 0; peer < size(); ++peer) {
    if (peer != rank_ && !own.empty()) {
      send(own, peer);
    }
  }
  for (int peer = 0; peer < size(); ++peer) {
    const std::span<std::byte> part = parts[static_cast<std::size_t>(peer)];
    if (peer != rank_ && !part.empty()) {
      receive(part, peer);
    }
  }
}

void HostCommunicator::broadcast(std::span<std::byte> data, int root) {
  if (root != rank_) {
    receive(data, root);
    return;
  }
  for (int peer = 0; peer < size(); ++peer) {
    if (peer != root) {
      send(data, peer);
    }
  }
}

}  // namespace hexgen
