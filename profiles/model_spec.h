#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hexgen {

/// How the rotary embedding is stretched beyond the context that a model was first trained on.
struct RopeScaling {
  std::string type = "default";  // "default" (none), "linear", "dynamic", "yarn" or "llama3"
  double factor = 1;             // all but "default"
  double low_freq_factor = 1;    // these three: "llama3"
  double high_freq_factor = 4;
  int original_context_tokens = 0;
};

/// A decoder-only transformer of the Llama family, read from a Hugging Face config.json:
/// grouped-query attention, gated MLP, optional tied embeddings, QKV biases (Qwen2) and q/k norms
/// (Qwen3).
struct ModelSpec {
  std::string name;
  int num_layers = 0;
  int hidden_dim = 0;
  int ffn_dim = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  int vocab_size = 0;
  int max_context_tokens = 0;  // max_position_embeddings; 0: not stated
  bool tied_embeddings = false;
  bool qkv_bias = false;          // Qwen2, Qwen2.5
  bool qk_norm = false;           // Qwen3
  std::string dtype = "float16";  // float32, float16, bfloat16, float8
  double weight_bytes_per_parameter = 2.0;
  double kv_bytes_per_element = 2.0;
  double activation_bytes_per_element = 2.0;
  double rms_norm_epsilon = 1e-6;
  double rope_theta = 10'000;
  RopeScaling rope_scaling;
  std::vector<int> eos_token_ids;  // any of them ends a text; none: not stated
};

/// Exact number of parameters; the formula stands in model_spec.cpp.
std::int64_t parameter_count(const ModelSpec& model);

/// Parameters of one transformer layer.
std::int64_t layer_parameter_count(const ModelSpec& model);

/// Bytes of KV cache that one token takes in all layers: 2 * L * KV * head_dim * bytes.
double kv_bytes_per_token(const ModelSpec& model);

}  // namespace hexgen
