#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>

#include "kernels/sample_shape.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/pinned_buffer.h"
#include "runner/device_buffer.h"
#include "runner/engine/batch_layout.h"

namespace hexgen {

/// A BatchLayout in device memory, with the parameters of its draws.
struct DeviceBatch {
  int num_tokens = 0;
  int num_sequences = 0;
  int num_decodes = 0;  // sequences in front that have one new token each
  int max_blocks = 0;   // row length of the block table, a power of two
  int max_queries = 0;  // of one sequence
  int num_samples = 0;
  const int* tokens = nullptr;
  const int* positions = nullptr;
  const int* slots = nullptr;
  const int* query_starts = nullptr;
  const int* context_tokens = nullptr;
  const int* block_table = nullptr;
  const int* sampled_rows = nullptr;
  const kernels::SamplingParameters* parameters = nullptr;
};

/// Brings batches to the GPU, one copy each, without waiting for the GPU: the copy stands in the
/// stream behind the work on earlier batches.
class BatchUpload {
 public:
  /// The context must outlive it.
  explicit BatchUpload(const CudaContext& context);
  BatchUpload(const BatchUpload&) = delete;
  BatchUpload& operator=(const BatchUpload&) = delete;
  ~BatchUpload();

  /// Valid for work that is put on the stream before the next upload. Batches of equal num_tokens,
  /// num_sequences and max_blocks get equal pointers as long as memory() stays the same, but for
  /// the last two.
  DeviceBatch upload(const BatchLayout& layout,
                     const std::vector<kernels::SamplingParameters>& parameters);

  /// Changes when a larger batch than ever needs more room.
  const void* memory() const { return device_.data(); }

 private:
  /// Host memory from which a copy may be under way until the event.
  struct Slot {
    PinnedBuffer memory;
    cudaEvent_t copied = nullptr;
  };

  void reserve(std::size_t bytes);
  Slot& next_slot();

  const CudaContext& context_;
  DeviceBuffer<std::byte> device_;
  std::array<Slot, 4> slots_;
  std::size_t next_ = 0;
};

}  // namespace hexgen
