#include "runner/weights/stage_tensors.h"

#include <string>

namespace hexgen {
namespace {

IndexRange whole(int count) {
  return {0, count};
}

/// Items `units` of `unit_size` elements each.
IndexRange scaled(IndexRange units, int unit_size) {
  return {units.first * unit_size, units.count * unit_size};
}

TensorSlice vector_slice(const std::string& tensor, int size, IndexRange part) {
  return {.tensor = tensor,
          .tensor_rows = TensorSlice::kVector,
          .tensor_columns = size,
          .rows = whole(1),
          .columns = part};
}

PackedMatrix whole_vector(const std::string& tensor, int size) {
  return {{vector_slice(tensor, size, whole(size))}};
}

TensorSlice row_slice(const std::string& tensor, int rows, int columns, IndexRange part) {
  return {.tensor = tensor,
          .tensor_rows = rows,
          .tensor_columns = columns,
          .rows = part,
          .columns = whole(columns)};
}

PackedMatrix column_slice(const std::string& tensor, int rows, int columns, IndexRange part) {
  return {{{.tensor = tensor,
            .tensor_rows = rows,
            .tensor_columns = columns,
            .rows = whole(rows),
            .columns = part}}};
}

/// The names, sizes and parts of q, k and v.
struct Projection {
  const char* name;
  int size;
  IndexRange part;
};

std::vector<Projection> projections(const ModelSpec& model, const DeviceShard& shard) {
  const int q = model.num_heads * model.head_dim;
  const int kv = model.num_kv_heads * model.head_dim;
  return {{"q_proj", q, scaled(shard.heads, model.head_dim)},
          {"k_proj", kv, scaled(shard.kv_heads, model.head_dim)},
          {"v_proj", kv, scaled(shard.kv_heads, model.head_dim)}};
}

void add_attention(const ModelSpec& model,
                   const DeviceShard& shard,
                   const std::string& prefix,
                   LayerTensors& layer) {
  for (const auto& [name, size, part] : projections(model, shard)) {
    const std::string tensor = prefix + "self_attn." + name;
    layer.qkv.pieces.push_back(row_slice(tensor + ".weight", size, model.hidden_dim, part));
    if (model.qkv_bias) {
      layer.qkv_bias.pieces.push_back(vector_slice(tensor + ".bias", size, part));
    }
  }
  if (model.qk_norm) {
    layer.q_norm = whole_vector(prefix + "self_attn.q_norm.weight", model.head_dim);
    layer.k_norm = whole_vector(prefix + "self_attn.k_norm.weight", model.head_dim);
  }
  layer.attention_output = column_slice(prefix + "self_attn.o_proj.weight",
                                        model.hidden_dim,
                                        model.num_heads * model.head_dim,
                                        scaled(shard.heads, model.head_dim));
}

LayerTensors layer_tensors(const ModelSpec& model, const DeviceShard& shard, int index) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  LayerTensors layer;
  layer.attention_norm = whole_vector(prefix + "input_layernorm.weight", model.hidden_dim);
  add_attention(model, shard, prefix, layer);
  layer.mlp_norm = whole_vector(prefix + "post_attention_layernorm.weight", model.hidden_dim);
  for (const char* name : {"gate_proj", "up_proj"}) {
    layer.gate_up.pieces.push_back(row_slice(
        prefix + "mlp." + name + ".weight", model.ffn_dim, model.hidden_dim, shard.ffn_columns));
  }
  layer.down = column_slice(
      prefix + "mlp.down_proj.weight", model.hidden_dim, model.ffn_dim, shard.ffn_columns);
  return layer;
}

}  // namespace

int PackedMatrix::rows() const {
  int sum = 0;
  for (const TensorSlice& piece : pieces) {
    sum += piece.rows.count;
  }
  return sum;
}

StageTensors stage_tensors(const ModelSpec& model, const DeviceShard& shard) {
  const std::string embedding = "model.embed_tokens.weight";
  StageTensors stage;
  if (shard.position.first) {
    stage.embedding = {
        {row_slice(embedding, model.vocab_size, model.hidden_dim, shard.embedding_rows)}};
  }
  for (int layer = shard.layers.first; layer < shard.layers.end(); ++layer) {
    stage.layers.push_back(layer_tensors(model, shard, layer));
  }
  if (!shard.position.last) {
    return stage;
  }
  stage.final_norm = whole_vector("model.norm.weight", model.hidden_dim);
  stage.lm_head_is_embedding = model.tied_embeddings && shard.position.first;
  if (!stage.lm_head_is_embedding) {
    const std::string name = model.tied_embeddings ? embedding : "lm_head.weight";
    stage.lm_head = {{row_slice(name, model.vocab_size, model.hidden_dim, shard.lm_head_rows)}};
  }
  return stage;
}

std::size_t element_count(const PackedMatrix& matrix) {
  std::size_t count = 0;
  for (const TensorSlice& piece : matrix.pieces) {
    count +=
        static_cast<std::size_t>(piece.rows.count) * static_cast<std::size_t>(piece.columns.count);
  }
  return count;
}

std::vector<float> load_matrix(const WeightSource& source, const PackedMatrix& matrix) {
  std::vector<float> values(element_count(matrix));
  float* out = values.data();
  for (const TensorSlice& piece : matrix.pieces) {
    source.read(piece, out);
    out +=
        static_cast<std::size_t>(piece.rows.count) * static_cast<std::size_t>(piece.columns.count);
  }
  return values;
}

}  // namespace hexgen
