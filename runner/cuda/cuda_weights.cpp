#include "runner/cuda/cuda_weights.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <span>
#include <thread>

#include "runner/weights/narrow_weights.h"

namespace hexgen {
namespace {

constexpr std::size_t kChunkElements = std::size_t{1} << 18;  // what a core reads at a time

std::size_t elements(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// Rows of a piece to out: [rows, width], of which the first columns are the piece's.
template <typename T>
void read_rows(const WeightSource& source, const TensorSlice& rows, int width, T* out) {
  std::vector<float> values(elements(rows.rows.count, rows.columns.count));
  source.read(rows, values.data());
  std::span<const float> left = values;
  for (int row = 0; row < rows.rows.count; ++row) {
    const auto columns = static_cast<std::size_t>(rows.columns.count);
    narrow_weights(rows.tensor, left.first(columns), out);
    left = left.subspan(columns);
    out += width;
  }
}

/// Calls task(0) .. task(count - 1) on all cores; the first exception is passed on.
template <typename Task>
void on_all_cores(int count, const Task& task) {
  std::atomic<int> next = 0;
  const auto work = [&] {
    for (int i = next++; i < count; i = next++) {
      task(i);
    }
  };
  const int threads = std::min(count, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<std::future<void>> others;
  for (int i = 1; i < threads; ++i) {
    others.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& other : others) {
    other.get();
  }
}

template <typename T>
void read_piece(const WeightSource& source, const TensorSlice& piece, int width, T* out) {
  const auto columns = static_cast<std::size_t>(std::max(piece.columns.count, 1));
  const int rows_at_once = static_cast<int>(std::max<std::size_t>(kChunkElements / columns, 1));
  const int chunks = (piece.rows.count + rows_at_once - 1) / rows_at_once;
  on_all_cores(chunks, [&](int chunk) {
    const int first = chunk * rows_at_once;
    TensorSlice rows = piece;
    rows.rows = {piece.rows.first + first, std::min(rows_at_once, piece.rows.count - first)};
    read_rows(source, rows, width, out + elements(first, width));
  });
}

enum class FillUp { kNothing, kRows, kColumns };  // rows: of each piece

template <typename T>
DeviceBuffer<T> upload_matrix(const WeightSource& source,
                              const PackedMatrix& matrix,
                              FillUp fill_up) {
  const int width = fill_up == FillUp::kColumns ? filled_up(matrix.columns()) : matrix.columns();
  const auto piece_size = [&](const TensorSlice& piece) {
    const int rows = piece.rows.count;
    return elements(fill_up == FillUp::kRows ? filled_up(rows) : rows, width);
  };
  std::size_t size = 0;
  for (const TensorSlice& piece : matrix.pieces) {
    size += piece_size(piece);
  }
  std::vector<T> values(size);
  T* out = values.data();
  for (const TensorSlice& piece : matrix.pieces) {
    read_piece(source, piece, width, out);
    out += piece_size(piece);
  }
  return DeviceBuffer<T>(values);
}

template <typename T>
DeviceBuffer<T> upload_vector(const WeightSource& source, const PackedMatrix& vector) {
  std::vector<T> values(element_count(vector));
  T* out = values.data();
  for (const TensorSlice& piece : vector.pieces) {
    read_rows(source, piece, piece.columns.count, out);
    out += piece.columns.count;
  }
  return DeviceBuffer<T>(values);
}

}  // namespace

template <typename T>
CudaStageWeights<T> load_cuda_weights(const WeightSource& source, const StageTensors& tensors) {
  const auto matrix = [&](const PackedMatrix& packed, FillUp fill_up = FillUp::kNothing) {
    return upload_matrix<T>(source, packed, fill_up);
  };
  const auto vector = [&](const PackedMatrix& packed) { return upload_vector<T>(source, packed); };
  CudaStageWeights<T> weights = {.embedding = matrix(tensors.embedding, FillUp::kRows),
                                 .layers = {},
                                 .final_norm = vector(tensors.final_norm),
                                 .lm_head = matrix(tensors.lm_head, FillUp::kRows),
                                 .lm_head_is_embedding = tensors.lm_head_is_embedding};
  for (const LayerTensors& layer : tensors.layers) {
    weights.layers.push_back({.attention_norm = vector(layer.attention_norm),
                              .qkv = matrix(layer.qkv),
                              .qkv_bias = vector(layer.qkv_bias),
                              .q_norm = vector(layer.q_norm),
                              .k_norm = vector(layer.k_norm),
                              .attention_output = matrix(layer.attention_output),
                              .mlp_norm = vector(layer.mlp_norm),
                              .gate_up = matrix(layer.gate_up, FillUp::kRows),
                              .down = matrix(layer.down, FillUp::kColumns)});
  }
  return weights;
}

template CudaStageWeights<kernels::Bfloat16> load_cuda_weights(const WeightSource&,
                                                               const StageTensors&);
template CudaStageWeights<kernels::Float16> load_cuda_weights(const WeightSource&,
                                                              const StageTensors&);

}  // namespace hexgen
