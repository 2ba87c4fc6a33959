#pragma once

#include <cstddef>
#include <vector>

#include "runner/stream.h"

struct CUgreenCtx_st;

namespace hexgen {

/// Of the whole GPU.
int num_multiprocessors(int gpu);

/// Multiprocessors of a GPU that only the streams made here run on: a CUDA green context, which
/// makes the GPU compute and read like a weaker card. Partitions of a GPU that are alive in this
/// process at the same time share no multiprocessor; L2 cache and memory remain common.
class SmPartition {
 public:
  /// `multiprocessors`, at least 1, is rounded up to whole units of the GPU (8 from compute
  /// capability 9.0 on). Makes the GPU current. Throws DeviceError when fewer are left.
  SmPartition(int gpu, int multiprocessors);
  SmPartition(const SmPartition&) = delete;
  SmPartition& operator=(const SmPartition&) = delete;
  ~SmPartition();

  /// As granted.
  int multiprocessors() const { return multiprocessors_; }

  /// A stream whose kernels, also those of graphs captured on it, stay in the partition. It must be
  /// gone before the partition.
  Stream make_stream() const;

 private:
  int gpu_;
  std::vector<std::size_t> units_;  // of the GPU's
  int multiprocessors_ = 0;
  CUgreenCtx_st* context_ = nullptr;
};

}  // namespace hexgen
