#include "runner/cuda/staged_group.h"

#include <cstring>
#include <numeric>
#include <string>

#include "kernels/bfloat16.h"
#include "profiles/errors.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

std::vector<float> widen(const std::vector<std::byte>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(Bfloat16));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Bfloat16 value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = to_float(value);
  }
  return values;
}

std::vector<Bfloat16> narrow(const std::vector<float>& values) {
  std::vector<Bfloat16> narrowed;
  narrowed.reserve(values.size());
  for (const float value : values) {
    narrowed.push_back(kernels::to_bfloat16(value));
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
  if (type == ElementType::kFloat16) {
    throw DeviceError("sums of fp16 over host memory are not supported");
  }
  std::vector<std::byte> host = fetch({values, count * element_bytes(type)});
  if (type == ElementType::kFloat32) {
    host_.all_reduce_sum(host.data(), count, type);
    put(host, values);
    return;
  }
  std::vector<float> wide = widen(host);
  host_.all_reduce_sum(reinterpret_cast<std::byte*>(wide.data()), count, ElementType::kFloat32);
  const std::vector<Bfloat16> sums = narrow(wide);
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
