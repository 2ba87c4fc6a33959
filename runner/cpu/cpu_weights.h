#pragma once

#include <vector>

#include "runner/weights/stage_tensors.h"

namespace hexgen {

/// The matrices of LayerTensors in fp32.
struct CpuLayerWeights {
  std::vector<float> attention_norm;
  std::vector<float> qkv;
  std::vector<float> qkv_bias;  // empty: none; the next two as well
  std::vector<float> q_norm;
  std::vector<float> k_norm;
  std::vector<float> attention_output;
  std::vector<float> mlp_norm;
  std::vector<float> gate_up;
  std::vector<float> down;
};

/// The matrices of StageTensors in fp32.
struct CpuStageWeights {
  std::vector<float> embedding;
  std::vector<CpuLayerWeights> layers;
  std::vector<float> final_norm;
  std::vector<float> lm_head;
  bool lm_head_is_embedding = false;

  const std::vector<float>& head() const { return lm_head_is_embedding ? embedding : lm_head; }
};

CpuStageWeights load_cpu_weights(const WeightSource& source, const StageTensors& tensors);

}  // namespace hexgen
