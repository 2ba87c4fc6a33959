#include "runner/cpu/cpu_weights.h"

namespace hexgen {

CpuStageWeights load_cpu_weights(const WeightSource& source, const StageTensors& tensors) {
  const auto load = [&](const PackedMatrix& matrix) { return load_matrix(source, matrix); };
  CpuStageWeights weights = {.embedding = load(tensors.embedding),
                             .final_norm = load(tensors.final_norm),
                             .lm_head = load(tensors.lm_head),
                             .lm_head_is_embedding = tensors.lm_head_is_embedding};
  for (const LayerTensors& layer : tensors.layers) {
    weights.layers.push_back({.attention_norm = load(layer.attention_norm),
                              .qkv = load(layer.qkv),
                              .qkv_bias = load(layer.qkv_bias),
                              .q_norm = load(layer.q_norm),
                              .k_norm = load(layer.k_norm),
                              .attention_output = load(layer.attention_output),
                              .mlp_norm = load(layer.mlp_norm),
                              .gate_up = load(layer.gate_up),
                              .down = load(layer.down)});
  }
  return weights;
}

}  // namespace hexgen
