#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"

namespace hexgen {

/// Random bf16 values from which measurements take their inputs: far larger than any L2 cache, so
/// that calls that walk through it find their data in memory.
class RandomPool {
 public:
  RandomPool(std::size_t bytes, const Stream& stream);

  std::size_t size() const { return values_.size(); }

  const kernels::Bfloat16* data() const { return values_.data(); }

  /// Start of the `index`-th of as many stretches of `count` values as fit; begins again after
  /// them.
  const kernels::Bfloat16* stretch(std::size_t count, int index) const;

 private:
  DeviceBuffer<kernels::Bfloat16> values_;
};

}  // namespace hexgen
