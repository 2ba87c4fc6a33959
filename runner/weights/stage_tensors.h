#pragma once

#include <vector>

#include "cost_models/device_shard.h"
#include "profiles/model_spec.h"
#include "runner/weights/weight_source.h"

namespace hexgen {

/// What a device keeps as one matrix [rows, columns]: slices of the checkpoint's tensors, stacked.
/// No pieces: the model or the shard has no such weight.
struct PackedMatrix {
  std::vector<TensorSlice> pieces;

  bool empty() const { return pieces.empty(); }

  int rows() const;

  int columns() const { return empty() ? 0 : pieces.front().columns.count; }  // of a matrix
};

/// Weights of one layer on one device; matrices are [outputs, inputs].
struct LayerTensors {
  PackedMatrix attention_norm;  // [1, hidden_dim]
  PackedMatrix qkv;             // [(heads + 2 kv_heads) * head_dim, hidden_dim]: q, k, v
  PackedMatrix qkv_bias;        // [(heads + 2 kv_heads) * head_dim], in pieces of a row each; Qwen2
  PackedMatrix q_norm;          // [1, head_dim]; Qwen3
  PackedMatrix k_norm;          // [1, head_dim]; Qwen3
  PackedMatrix attention_output;  // [hidden_dim, heads * head_dim]
  PackedMatrix mlp_norm;          // [1, hidden_dim]
  PackedMatrix gate_up;           // [2 ffn_columns, hidden_dim]: gate, up
  PackedMatrix down;              // [hidden_dim, ffn_columns]
};

/// Weights of a stage on one device.
struct StageTensors {
  PackedMatrix embedding;  // [embedding_rows, hidden_dim]; first stage
  std::vector<LayerTensors> layers;
  PackedMatrix final_norm;  // [1, hidden_dim]; last stage
  PackedMatrix lm_head;     // [lm_head_rows, hidden_dim]; last stage, unless it is the embedding
  bool lm_head_is_embedding = false;  // tied, and both on this device
};

StageTensors stage_tensors(const ModelSpec& model, const DeviceShard& shard);

/// Elements of all pieces, one after the other.
std::size_t element_count(const PackedMatrix& matrix);

/// Reads a matrix in fp32, piece behind piece.
std::vector<float> load_matrix(const WeightSource& source, const PackedMatrix& matrix);

}  // namespace hexgen
