#include "runner/cuda/staged_group.h"

#include <cstring>
#include <numeric>
#include <string>

#include "runner/cuda_check.h"

namespace hexgen {
namespace {

using kernels::store;
using kernels::to_float;

template <typename T>
std::vector<float> widen(const std::vector<std::byte>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = to_float(value);
  }
  return values;
}

template <typename T>
std::vector<T> narrow(const std::vector<float>& values) {
  std::vector<T> narrowed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    store(values[i], narrowed[i]);
  }
  return narrowed;
}

}  // namespace

std::vector<std::byte> StagedGroup::fetch(std::span<const std::byte> device) const {
  context_.wait();
  std::vector<std::byte> host(device.size());
  HEXGEN_CUDA_CHECK(cudaMemcpyAsync(
      host.data(), device.data(), host.size(), cudaMemcpyDeviceToHost, context_.stream().get()));
  context_.wait();
  return host;
}

void StagedGroup::put(std::span<const std::byte> host, std::byte* device) const {
  HEXGEN_CUDA_CHECK(cudaMemcpyAsync(
      device, host.data(), host.size(), cudaMemcpyHostToDevice, context_.stream().get()));
  context_.wait();
}

void StagedGroup::all_reduce_sum(std::byte* values, std::size_t count, ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return sum<float>(values, count);
    case ElementType::kBfloat16:
      return sum<kernels::Bfloat16>(values, count);
    case ElementType::kFloat16:
      return sum<kernels::Float16>(values, count);
  }
}

template <typename T>
void StagedGroup::sum(std::byte* values, std::size_t count) {
  std::vector<float> wide = widen<T>(fetch({values, count * sizeof(T)}));
  host_.all_reduce_sum(reinterpret_cast<std::byte*>(wide.data()), count, ElementType::kFloat32);
  const std::vector<T> sums = narrow<T>(wide);
  put(std::as_bytes(std::span(sums)), values);
}

void StagedGroup::all_gather(std::byte* data, std::span<const std::size_t> part_bytes) {
  const std::size_t bytes = std::accumulate(part_bytes.begin(), part_bytes.end(), std::size_t{0});
  std::vector<std::byte> host = fetch({data, bytes});
  host_.all_gather(host.data(), part_bytes);
  put(host, data);
}

void StagedGroup::broadcast(std::span<std::byte> data, int root) {
  std::vector<std::byte> host = fetch(data);
  host_.broadcast(host, root);
  put(host, data.data());
}

void StagedGroup::send(std::span<const std::byte> data, int peer) {
  host_.send(fetch(data), peer);
}

void StagedGroup::receive(std::span<std::byte> data, int peer) {
  std::vector<std::byte> host(data.size());
  host_.receive(host, peer);
  put(host, data.data());
}

}  // namespace hexgen
