#include "runner/weights/stage_tensors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "profiles/model_config.h"
#include "runner/weights/random_weights.h"

using hexgen::DeviceShard;
using hexgen::LayerTensors;
using hexgen::ModelSpec;
using hexgen::PackedMatrix;
using hexgen::RandomWeights;
using hexgen::Stage;
using hexgen::StageTensors;
using hexgen::TensorSlice;

namespace {

std::vector<const PackedMatrix*> all_matrices(const StageTensors& tensors) {
  std::vector<const PackedMatrix*> all = {
      &tensors.embedding, &tensors.final_norm, &tensors.lm_head};
  for (const LayerTensors& layer : tensors.layers) {
    for (const PackedMatrix* matrix : {&layer.attention_norm,
                                       &layer.qkv,
                                       &layer.qkv_bias,
                                       &layer.q_norm,
                                       &layer.k_norm,
                                       &layer.attention_output,
                                       &layer.mlp_norm,
                                       &layer.gate_up,
                                       &layer.down}) {
      all.push_back(matrix);
    }
  }
  return all;
}

std::size_t elements_of(const StageTensors& tensors) {
  std::size_t sum = 0;
  for (const PackedMatrix* matrix : all_matrices(tensors)) {
    sum += element_count(*matrix);
  }
  return sum;
}

DeviceShard shard_of(const ModelSpec& model, int tp_degree, int rank) {
  const Stage stage = {.num_layers = model.num_layers,
                       .devices = std::vector<int>(static_cast<std::size_t>(tp_degree))};
  return make_shard(model, stage, {}, rank);
}

const char* const kModels[] = {"smollm2-135m", "qwen2.5-0.5b", "qwen3-0.6b", "llama-2-7b"};

}  // namespace

TEST_CASE("a device's tensors are exactly the bytes of its shard") {
  for (const char* name : kModels) {
    const ModelSpec model = hexgen::read_model(name);
    for (int tp_degree = 1; tp_degree <= 5; ++tp_degree) {
      for (int rank = 0; rank < tp_degree; ++rank) {
        const DeviceShard shard = shard_of(model, tp_degree, rank);
        CHECK(static_cast<double>(elements_of(stage_tensors(model, shard))) *
                  model.weight_bytes_per_parameter ==
              shard_weight_bytes(model, shard));
      }
    }
  }
}

TEST_CASE("the slices of all devices cover each tensor, and overlap in norms and KV heads only") {
  const ModelSpec model = hexgen::read_model("qwen2.5-0.5b");  // 14 heads, 2 KV heads
  const int tp_degree = 3;
  std::map<std::string, std::vector<int>> covered;  // how often, by element
  for (int rank = 0; rank < tp_degree; ++rank) {
    DeviceShard shard = shard_of(model, tp_degree, rank);
    shard.layers = {0, 1};
    const StageTensors tensors = stage_tensors(model, shard);
    for (const PackedMatrix* matrix : all_matrices(tensors)) {
      for (const TensorSlice& slice : matrix->pieces) {
        if (slice.tensor.find("embed") != std::string::npos) {
          continue;  // large, and cut like the LM head
        }
        std::vector<int>& counts = covered[slice.tensor];
        counts.resize(static_cast<std::size_t>(std::max(slice.tensor_rows, 1)) *
                      static_cast<std::size_t>(slice.tensor_columns));
        for (int row = slice.rows.first; row < slice.rows.end(); ++row) {
          for (int column = slice.columns.first; column < slice.columns.end(); ++column) {
            ++counts[static_cast<std::size_t>(row * slice.tensor_columns + column)];
          }
        }
      }
    }
  }
  CHECK(covered.size() == 13);  // a layer has 12 with its biases, and the final norm
  for (const auto& [tensor, counts] : covered) {
    CAPTURE(tensor);
    const bool repeated = tensor.find("norm") != std::string::npos ||
                          tensor.find("k_proj") != std::string::npos ||
                          tensor.find("v_proj") != std::string::npos;
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    CHECK(*least >= 1);
    CHECK(*most <= (repeated ? tp_degree : 1));
  }
}

TEST_CASE("a tied LM head is read from the embedding, and is the embedding on a single stage") {
  const ModelSpec model = hexgen::read_model("smollm2-135m");
  const StageTensors single = stage_tensors(model, shard_of(model, 1, 0));
  CHECK(single.lm_head_is_embedding);
  CHECK(single.lm_head.empty());
  DeviceShard last = shard_of(model, 3, 2);
  last.position.first = false;
  const StageTensors tensors = stage_tensors(model, last);
  CHECK_FALSE(tensors.lm_head_is_embedding);
  CHECK(tensors.lm_head.pieces.front().tensor == "model.embed_tokens.weight");
  CHECK(tensors.embedding.empty());
}

TEST_CASE("random weights of a slice are those of the whole tensor, whatever the plan") {
  const RandomWeights source(3);
  const TensorSlice whole = {.tensor = "model.layers.1.mlp.down_proj.weight",
                             .tensor_rows = 8,
                             .tensor_columns = 12,
                             .rows = {0, 8},
                             .columns = {0, 12}};
  std::vector<float> all(96);
  source.read(whole, all.data());
  TensorSlice part = whole;
  part.rows = {2, 3};
  part.columns = {5, 4};
  std::vector<float> some(12);
  source.read(part, some.data());
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      CHECK(some[row * 4 + column] == all[(row + 2) * 12 + column + 5]);
    }
  }
  std::vector<float> other(96);
  RandomWeights(4).read(whole, other.data());
  CHECK(other != all);
  TensorSlice sibling = whole;
  sibling.tensor = "model.layers.2.mlp.down_proj.weight";
  source.read(sibling, other.data());
  CHECK(other != all);
}
