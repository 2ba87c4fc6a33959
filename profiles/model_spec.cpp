#include "profiles/model_spec.h"

namespace hexgen {

std::int64_t layer_parameter_count(const ModelSpec& model) {
  const std::int64_t hidden = model.hidden_dim;
  const std::int64_t query = std::int64_t{model.num_heads} * model.head_dim;
  const std::int64_t kv = std::int64_t{model.num_kv_heads} * model.head_dim;
  std::int64_t count = hidden * query + 2 * hidden * kv + query * hidden;  // q, k, v, o
  count += 3 * hidden * model.ffn_dim;                                     // gate, up, down
  count += 2 * hidden;                                                     // two norms
  if (model.qkv_bias) {
    count += query + 2 * kv;
  }
  if (model.qk_norm) {
    count += 2 * std::int64_t{model.head_dim};
  }
  return count;
}

std::int64_t parameter_count(const ModelSpec& model) {
  const std::int64_t embedding = std::int64_t{model.vocab_size} * model.hidden_dim;
  return embedding * (model.tied_embeddings ? 1 : 2) + model.hidden_dim +
         model.num_layers * layer_parameter_count(model);
}

double kv_bytes_per_token(const ModelSpec& model) {
  return 2.0 * model.num_layers * model.num_kv_heads * model.head_dim * model.kv_bytes_per_element;
}

}  // namespace hexgen
