#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "runner/cuda/sm_partition.h"
#include "runner/gemm.h"
#include "runner/stream.h"

namespace hexgen {

class NcclGroup;

/// What one rank has of its GPU: one stream for everything it does there. Used by one thread, whose
/// current device it sets.
class CudaContext {
 public:
  /// `sm_limit`: all work stays on so many multiprocessors, rounded up as SmPartition does, which
  /// no other context has; 0: the whole GPU. Throws DeviceError when fewer are left.
  CudaContext(int gpu, int sm_limit, std::chrono::milliseconds deadline);
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  int gpu() const { return gpu_; }

  /// That the stream's kernels run on.
  int multiprocessors() const { return multiprocessors_; }

  std::chrono::milliseconds deadline() const { return deadline_; }

  const Stream& stream() const { return stream_; }

  const BlasContext& blas() const { return blas_; }

  /// Waits until the stream has done all it was given. Throws DeviceError when a group reports an
  /// error or the deadline passes, as happens when a peer is gone.
  void wait() const;

  /// The same for destructors: instead of throwing, aborts all groups so that the work ends.
  void drain() noexcept;

  /// From now until forget() the group's errors end wait().
  void watch(NcclGroup& group) { groups_.push_back(&group); }

  void forget(NcclGroup& group) noexcept { std::erase(groups_, &group); }

 private:
  void wait_for(std::chrono::milliseconds limit) const;

  int gpu_;
  std::chrono::milliseconds deadline_;
  std::unique_ptr<const SmPartition> partition_;  // null: the whole GPU
  Stream stream_;
  BlasContext blas_;
  int multiprocessors_;
  std::vector<NcclGroup*> groups_;
};

}  // namespace hexgen
