#include "runner/cuda/batch_upload.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace hexgen {
namespace {

constexpr std::size_t kFirstBytes = std::size_t{1} << 20;
constexpr std::size_t kAlignment = 16;

/// Lays arrays one after the other into host memory and tells where they will be on the device.
class Packer {
 public:
  Packer(std::byte* host, const std::byte* device)
      : host_(host),
        device_(device) {}

  template <typename T>
  const T* put(const std::vector<T>& values) {
    if (!values.empty()) {
      std::memcpy(host_ + used_, values.data(), values.size() * sizeof(T));
    }
    const auto* placed = reinterpret_cast<const T*>(device_ + used_);
    used_ += (values.size() * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return placed;
  }

  std::size_t used() const { return used_; }

 private:
  std::byte* host_;
  const std::byte* device_;
  std::size_t used_ = 0;
};

/// Rows of `length` in place of layout.max_blocks, which is not larger.
std::vector<int> widened_table(const BatchLayout& layout, int length) {
  const auto rows = static_cast<std::size_t>(layout.num_sequences);
  std::vector<int> table(rows * static_cast<std::size_t>(length));
  for (std::size_t row = 0; row < rows; ++row) {
    const auto from =
        layout.block_table.begin() + static_cast<std::ptrdiff_t>(row) * layout.max_blocks;
    std::copy_n(from, layout.max_blocks, table.begin() + static_cast<std::ptrdiff_t>(row) * length);
  }
  return table;
}

int leading_decodes(const BatchLayout& layout) {
  int count = 0;
  while (count < layout.num_sequences &&
         layout.query_starts[static_cast<std::size_t>(count) + 1] == count + 1) {
    ++count;
  }
  return count;
}

}  // namespace

BatchUpload::BatchUpload(const CudaContext& context)
    : context_(context),
      device_(kFirstBytes),
      slots_{Slot{PinnedBuffer(kFirstBytes)},
             Slot{PinnedBuffer(kFirstBytes)},
             Slot{PinnedBuffer(kFirstBytes)},
             Slot{PinnedBuffer(kFirstBytes)}} {
  for (Slot& slot : slots_) {
    HEXGEN_CUDA_CHECK(cudaEventCreateWithFlags(&slot.copied, cudaEventDisableTiming));
  }
}

BatchUpload::~BatchUpload() {
  for (const Slot& slot : slots_) {
    cudaEventDestroy(slot.copied);
  }
}

void BatchUpload::reserve(std::size_t bytes) {
  if (bytes <= device_.size()) {
    return;
  }
  context_.wait();
  device_ = DeviceBuffer<std::byte>(std::bit_ceil(bytes));
  for (Slot& slot : slots_) {
    slot.memory = PinnedBuffer(device_.size());
  }
}

BatchUpload::Slot& BatchUpload::next_slot() {
  Slot& slot = slots_[next_++ % slots_.size()];
  if (cudaEventQuery(slot.copied) != cudaSuccess) {
    context_.wait();
  }
  return slot;
}

DeviceBatch BatchUpload::upload(const BatchLayout& layout,
                                const std::vector<kernels::SamplingParameters>& parameters) {
  constexpr unsigned kFewestBlocks = 8;
  DeviceBatch batch = {.num_tokens = layout.num_tokens,
                       .num_sequences = layout.num_sequences,
                       .num_decodes = leading_decodes(layout),
                       .max_queries = layout.max_queries,
                       .num_samples = static_cast<int>(layout.sampled_rows.size())};
  batch.max_blocks = static_cast<int>(
      std::bit_ceil(std::max(static_cast<unsigned>(layout.max_blocks), kFewestBlocks)));
  const std::vector<int> table = widened_table(layout, batch.max_blocks);
  const std::size_t integers = 4 * layout.tokens.size() + 2 * layout.context_tokens.size() +
                               table.size() + 64;  // 64: alignment
  reserve(integers * sizeof(int) + parameters.size() * sizeof(parameters[0]));

  const Slot& slot = next_slot();
  Packer packer(slot.memory.data(), device_.data());
  batch.tokens = packer.put(layout.tokens);
  batch.positions = packer.put(layout.positions);
  batch.slots = packer.put(layout.slots);
  batch.query_starts = packer.put(layout.query_starts);
  batch.context_tokens = packer.put(layout.context_tokens);
  batch.block_table = packer.put(table);
  batch.sampled_rows = packer.put(layout.sampled_rows);
  batch.parameters = packer.put(parameters);
  HEXGEN_CUDA_CHECK(cudaMemcpyAsync(device_.data(),
                                    slot.memory.data(),
                                    packer.used(),
                                    cudaMemcpyHostToDevice,
                                    context_.stream().get()));
  HEXGEN_CUDA_CHECK(cudaEventRecord(slot.copied, context_.stream().get()));
  return batch;
}

}  // namespace hexgen
