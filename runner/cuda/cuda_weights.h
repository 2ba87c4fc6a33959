#pragma once

#include <vector>

#include "runner/device_buffer.h"
#include "runner/weights/stage_tensors.h"

namespace hexgen {

/// The matrices of LayerTensors in device memory, in T: Bfloat16 or Float16. FFN columns and rows
/// of the vocabulary are filled up with zeros to multiples of kWeightUnit, as kernels and fast
/// matrix products want them; zeros change no result.
template <typename T>
struct CudaLayerWeights {
  using Values = DeviceBuffer<T>;

  Values attention_norm;
  Values qkv;
  Values qkv_bias;  // without memory where the model has none; the next two as well
  Values q_norm;
  Values k_norm;
  Values attention_output;
  Values mlp_norm;
  Values gate_up;  // [2 * filled_up(ffn columns), hidden_dim]
  Values down;     // [hidden_dim, filled_up(ffn columns)]
};

/// The matrices of StageTensors.
template <typename T>
struct CudaStageWeights {
  using Values = DeviceBuffer<T>;

  Values embedding;  // [filled_up(rows), hidden_dim], as lm_head
  std::vector<CudaLayerWeights<T>> layers;
  Values final_norm;
  Values lm_head;
  bool lm_head_is_embedding = false;

  const Values& head() const { return lm_head_is_embedding ? embedding : lm_head; }
};

inline constexpr int kWeightUnit = 8;  // elements: 16 bytes

constexpr int filled_up(int count) {
  return (count + kWeightUnit - 1) / kWeightUnit * kWeightUnit;
}

/// Reads on all cores and copies to the current device. Throws InputError for a weight that T
/// cannot hold.
template <typename T>
CudaStageWeights<T> load_cuda_weights(const WeightSource& source, const StageTensors& tensors);

}  // namespace hexgen
