#include "runner/bench/work_floor.h"

#include <doctest/doctest.h>

#include "profiles/model_config.h"
#include "tests/runner/engine/cpu_pipeline.h"

using doctest::Approx;
using hexgen::DeviceShard;
using hexgen::make_shard;
using hexgen::ModelSpec;
using hexgen::read_model;
using hexgen::Stage;

namespace {

DeviceShard whole(const ModelSpec& model) {
  const Stage stage = {.first_layer = 0, .num_layers = model.num_layers, .devices = {0}};
  return make_shard(model, stage, {.first = true, .last = true}, 0);
}

}  // namespace

TEST_CASE("a decode step reads all weights but the embedding table") {
  // 6,738,415,616 parameters less 32,000 * 4,096, two bytes each; 8,030,261,248 less 128,256 *
  // 4096.
  const ModelSpec llama2 = read_model("llama-2-7b");
  CHECK(decode_step_bytes(llama2, whole(llama2), 0) == Approx(13'214'687'232.0).epsilon(1e-9));
  const ModelSpec llama3 = read_model("llama-3-8b");
  CHECK(decode_step_bytes(llama3, whole(llama3), 0) == Approx(15'009'849'344.0).epsilon(1e-9));
}

TEST_CASE("a decode step reads the KV cache, and a tied embedding table as its LM head") {
  const ModelSpec llama2 = read_model("llama-2-7b");
  const double more =
      decode_step_bytes(llama2, whole(llama2), 1000) - decode_step_bytes(llama2, whole(llama2), 0);
  CHECK(more == 1000.0 * 2 * 32 * 4096 * 2);
  const ModelSpec tied = read_model("smollm2-135m");
  CHECK(decode_step_bytes(tied, whole(tied), 0) ==
        2.0 * static_cast<double>(parameter_count(tied)));
}

TEST_CASE("a prompt's operations are those of its matrices, causal attention and one LM head row") {
  // 32 layers * (4 * 4096^2 + 3 * 4096 * 11008) weights * 2 * 2048 = 26.525e12; attention
  // 32 * 4 * 4096 * 2048 * 2049 / 2 = 1.100e12; LM head 2 * 32000 * 4096.
  const ModelSpec model = read_model("llama-2-7b");
  CHECK(prefill_flops(model, whole(model), 2048) == Approx(27.626e12).epsilon(1e-4));
}

TEST_CASE("the floor of a pipeline adds up its stages, each as slow as its largest shard") {
  // Four equal layers over [2, 1]: half of the layers at half the work and half at all of it.
  ModelSpec model = {.num_layers = 4,
                     .hidden_dim = 64,
                     .ffn_dim = 128,
                     .num_heads = 4,
                     .num_kv_heads = 4,
                     .head_dim = 16,
                     .vocab_size = 8};
  const hexgen::Ceilings unit = {.read_bytes_per_s = 1, .gemm_flops_per_s = 1};
  const hexgen::PipelineSetup setup = {
      .model = model,
      .pipeline = {.stages = {{.first_layer = 0, .num_layers = 2, .devices = {0, 1}},
                              {.first_layer = 2, .num_layers = 2, .devices = {2}}}}};
  const double layer = 2.0 * 16 * (4 * 64 * 64 + 3 * 64 * 128) + 4 * 64 * 16 * 17 / 2.0;
  const double head = 2 * 64 * 8;
  CHECK(prefill_floor_s(setup, 16, unit) == Approx(2 * layer / 2 + 2 * layer + head).epsilon(1e-9));
  // Matrices halve, the two norms of a layer do not; the last stage has the final norm and the
  // head.
  const double matrices = 2.0 * (4 * 64 * 64 + 3 * 64 * 128);
  const double norms = 2.0 * 2 * 64;
  CHECK(decode_step_floor_s(setup, 0, unit) ==
        Approx(2 * (matrices / 2 + norms) + 2 * (matrices + norms) + 2.0 * (64 + 8 * 64))
            .epsilon(1e-9));
}
