#include "cost_models/memory.h"

#include <doctest/doctest.h>

#include "cost_models/shard.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;
using test::round_cluster;
using test::round_gpu;
using test::round_model;

namespace {

const MemoryPolicy kBare = {.reserve_bytes = 0, .activation_tokens = 0, .logit_rows = 0};

ModelSpec llama_2_70b() {
  return {.name = "llama-2-70b",
          .num_layers = 80,
          .hidden_dim = 8192,
          .ffn_dim = 28672,
          .num_heads = 64,
          .num_kv_heads = 8,
          .head_dim = 128,
          .vocab_size = 32000};
}

double one_device_bytes(const ModelSpec& model, int num_layers, StagePosition position) {
  const Cluster cluster = round_cluster({round_gpu("round", 16)}, {{0, 1}});
  return stage_memory(model, cluster, {0}, num_layers, position, kBare).weight_bytes;
}

}  // namespace

TEST_CASE("heads, columns and rows of the fullest shard are rounded up") {
  const Shard shard = fullest_shard(llama_2_70b(), 3);
  CHECK(shard.kv_heads == 3);        // 3, 3, 2
  CHECK(shard.query_heads == 24);    // 8 query heads each
  CHECK(shard.ffn_columns == 9558);  // 28672 / 3 = 9557.33
  CHECK(shard.vocab_rows == 10667);  // 32000 / 3 = 10666.67
}

TEST_CASE("beyond one device a KV head, KV heads are replicated and query heads are split") {
  ModelSpec model = llama_2_70b();
  model.num_kv_heads = 2;
  CHECK(fullest_shard(model, 8).kv_heads == 1);
  CHECK(fullest_shard(model, 8).query_heads == 8);   // 32 of a KV head on 4 devices
  CHECK(fullest_shard(model, 5).query_heads == 16);  // 5 devices: one KV head has only 2
}

TEST_CASE("all layers and both ends on one device hold every parameter") {
  ModelSpec model = round_model();
  CHECK(one_device_bytes(model, 8, {}) == 2.0 * static_cast<double>(parameter_count(model)));
  model.tied_embeddings = true;
  model.qkv_bias = true;
  model.qk_norm = true;
  CHECK(one_device_bytes(model, 8, {}) == 2.0 * static_cast<double>(parameter_count(model)));
}

TEST_CASE("tied embeddings are stored at both ends of a longer pipeline") {
  ModelSpec model = round_model();
  model.tied_embeddings = true;
  const double both_ends = one_device_bytes(model, 4, {.first = true, .last = false}) +
                           one_device_bytes(model, 4, {.first = false, .last = true});
  // One more table of 10,000 x 1000 in fp16: 20 MB.
  CHECK(both_ends - 2.0 * static_cast<double>(parameter_count(model)) == 20e6);
}

TEST_CASE("20 layers of Llama-2-70B take 17.1 GB a device at TP 2") {
  const Cluster cluster = round_cluster({round_gpu("round", 24)}, {{0, 2}});
  const StageMemory memory =
      stage_memory(llama_2_70b(), cluster, {0, 1}, 20, {.first = false, .last = false}, kBare);
  // 855.6 M parameters a layer (two norms of 8192 on both devices): 20 * 1.711 GB / 2.
  const double layer = 855654400;
  CHECK(memory.weight_bytes == 20 * (layer + 16384) / 2 * 2.0);
}

TEST_CASE("the KV cache of a stage counts its own layers and its shard of the KV heads") {
  const Cluster cluster = round_cluster({round_gpu("round", 24)}, {{0, 2}});
  const StageMemory memory = stage_memory(llama_2_70b(), cluster, {0, 1}, 20, {}, kBare);
  // 2 * 20 layers * 4 heads * 128 * 2 B = 40,960 B a token.
  CHECK(memory.kv_bytes_per_token == 40960);
}

TEST_CASE("KV capacity is what weights, activations and reserve leave free") {
  const StageMemory memory = {.capacity_bytes = 1000,
                              .weight_bytes = 500,
                              .activation_bytes = 100,
                              .reserve_bytes = 50,
                              .kv_bytes_per_token = 100};
  CHECK(memory.free_bytes() == 350);
  CHECK(memory.kv_capacity_tokens() == 3);
  StageMemory overfull = memory;
  overfull.weight_bytes = 5000;
  CHECK(overfull.kv_capacity_tokens() == 0);
  CHECK(kv_capacity_tokens({memory, overfull}) == 0);
  CHECK(kv_capacity_tokens({memory, memory}) == 3);
}

TEST_CASE("activations hold the widest intermediate of a layer, and logits on the last stage") {
  const Cluster cluster = round_cluster({round_gpu("round", 16)}, {{0, 1}});
  const MemoryPolicy policy = {.reserve_bytes = 5, .activation_tokens = 100, .logit_rows = 10};
  const auto bytes = [&](StagePosition position) {
    return stage_memory(round_model(), cluster, {0}, 1, position, policy).activation_bytes;
  };
  // (2 * 1000 residual and norm + 3 * 4000 gate, up and product) * 2 B * 100 rows = 2.8 MB.
  CHECK(bytes({.first = true, .last = false}) == 2.8e6);
  // 10 rows * 10,000 logits * 4 B = 0.4 MB more.
  CHECK(bytes({.first = false, .last = true}) == 3.2e6);
}

TEST_CASE("the device with least memory limits a mixed group") {
  const Cluster cluster =
      round_cluster({round_gpu("large", 48), round_gpu("small", 16)}, {{0, 1}, {1, 1}});
  const StageMemory memory = stage_memory(round_model(), cluster, {0, 1}, 8, {}, kBare);
  CHECK(memory.device == 1);
  CHECK(memory.capacity_bytes == 16e9);
}

TEST_CASE("a stage that does not fit is named with its device and the bytes missing") {
  // Eight equal stages of Llama-2-70B: 10 layers of 1.711 GB each.
  const Cluster cluster =
      round_cluster({round_gpu("RTX-A6000", 48), round_gpu("RTX-A4000", 16)}, {{0, 6}, {1, 2}});
  PipelineGroup pipeline = {.name = "p0"};
  for (int s = 0; s < 8; ++s) {
    pipeline.stages.push_back({.first_layer = 10 * s, .num_layers = 10, .devices = {s}});
  }
  const Plan plan({pipeline}, 80, 8);
  // 17.113 GB of weights, 0.005 GB of KV (40,960 B * 128), activations 2048 * (2 * 8192 + 3 *
  // 28672)
  // * 2 B = 0.419 GB, reserve 0.75 GB: 18.287 GB.
  CHECK_THROWS_WITH_AS(
      check_memory(plan, llama_2_70b(), cluster, 128),
      "pipelines[0].stages[6]: device n1:0 (RTX-A4000) needs 18.3 GB (weights 17.1, KV of 128 "
      "tokens 0.0, activations 0.4, reserve 0.8) and has 16.0 GB: 2.3 GB are missing",
      InfeasibleError);
}

TEST_CASE("the case study's asymmetric plan fits where equal layers do not") {
  const Cluster cluster = round_cluster(
      {round_gpu("RTX-A6000", 48), round_gpu("RTX-A5000", 24), round_gpu("RTX-A4000", 16)},
      {{0, 4}, {1, 2}, {2, 2}});
  const Plan plan({{.name = "p0",
                    .stages = {{.first_layer = 0, .num_layers = 48, .devices = {0, 1, 2, 3}},
                               {.first_layer = 48, .num_layers = 20, .devices = {4, 5}},
                               {.first_layer = 68, .num_layers = 12, .devices = {6, 7}}}}},
                  80,
                  8);
  CHECK_NOTHROW(check_memory(plan, llama_2_70b(), cluster, 4096));
  CHECK(kv_capacity_tokens(pipeline_memory(llama_2_70b(), cluster, plan.pipelines()[0])) > 4096);
}

TEST_CASE("a finished pipeline takes as many average requests as its fullest stage has room for") {
  const Cluster cluster = round_cluster({round_gpu("tiny", 0.55)}, {{0, 2}});
  PipelineGroup pipeline = {.stages = {{.first_layer = 0, .num_layers = 7, .devices = {0}},
                                       {.first_layer = 7, .num_layers = 1, .devices = {1}}}};
  MemoryPolicy policy = kBare;
  finish_pipeline(pipeline, round_model(), cluster, 1000, policy);
  // First stage: 7 layers of (15e6 weights + 2000 norms) * 2 B and the embedding of 20 MB: 230.028
  // MB; the other 319.972 MB hold 22,855 tokens of 7 * 2 kB. The second stage has more room.
  CHECK(pipeline.kv_capacity_tokens == 22855);
  CHECK(pipeline.max_batch == 22);
  policy.max_sequences = 8;
  finish_pipeline(pipeline, round_model(), cluster, 1000, policy);
  CHECK(pipeline.max_batch == 8);
  finish_pipeline(pipeline, round_model(), cluster, 1e9, policy);
  CHECK(pipeline.max_batch == 1);
}
