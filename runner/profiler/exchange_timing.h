#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernels/bfloat16.h"
#include "profiles/measured_profile.h"
#include "runner/cuda/cuda_context.h"
#include "runner/device_buffer.h"
#include "runner/profiler/machine_profiler.h"

namespace hexgen {

/// 4 KiB to `most_bytes` by factors of four, and `most_bytes`.
std::vector<std::size_t> message_sizes(std::size_t most_bytes);

/// What one rank's thread works with to time collectives and sends. All ranks make the same calls.
class ExchangeRank {
 public:
  ExchangeRank(const ProfiledDevice& device, std::size_t most_bytes);

  CudaContext& context() { return context_; }

  std::span<std::byte> data(std::size_t bytes) const {
    return {reinterpret_cast<std::byte*>(buffer_.data()), bytes};
  }

  /// Time of one of several calls back to back, each of which enqueues an exchange of `bytes`.
  Timing time(std::size_t bytes, const std::function<void()>& exchange);

 private:
  CudaContext context_;
  DeviceBuffer<kernels::Bfloat16> buffer_;
};

}  // namespace hexgen
