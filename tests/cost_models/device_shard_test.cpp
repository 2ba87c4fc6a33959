#include "cost_models/device_shard.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "cost_models/memory.h"
#include "cost_models/shard.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"

using hexgen::DeviceShard;
using hexgen::even_range;
using hexgen::IndexRange;
using hexgen::InputError;
using hexgen::make_shard;
using hexgen::ModelSpec;
using hexgen::Stage;
using hexgen::StagePosition;
using hexgen::test::round_cluster;
using hexgen::test::round_gpu;
using hexgen::test::round_model;

namespace {

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

/// 14 query heads on 2 KV heads, tied embedding, biases: the awkward one.
ModelSpec qwen_2_5_0_5b() {
  return {.name = "qwen2.5-0.5b",
          .num_layers = 24,
          .hidden_dim = 896,
          .ffn_dim = 4864,
          .num_heads = 14,
          .num_kv_heads = 2,
          .head_dim = 64,
          .vocab_size = 151936,
          .tied_embeddings = true,
          .qkv_bias = true};
}

Stage stage_of(int first_layer, int num_layers, int tp_degree) {
  return {.first_layer = first_layer,
          .num_layers = num_layers,
          .devices = std::vector<int>(static_cast<std::size_t>(tp_degree))};
}

std::vector<DeviceShard> shards_of(const ModelSpec& model,
                                   int tp_degree,
                                   StagePosition position = {}) {
  std::vector<DeviceShard> shards;
  for (int rank = 0; rank < tp_degree; ++rank) {
    shards.push_back(make_shard(model, stage_of(0, model.num_layers, tp_degree), position, rank));
  }
  return shards;
}

void check_covers_once(const std::vector<IndexRange>& ranges, int total) {
  int next = 0;
  for (const IndexRange& range : ranges) {
    CHECK(range.first == next);
    next = range.end();
  }
  CHECK(next == total);
}

void check_sizes_differ_by_at_most(const std::vector<IndexRange>& ranges, int difference) {
  const auto [least, most] = std::minmax_element(
      ranges.begin(), ranges.end(), [](IndexRange a, IndexRange b) { return a.count < b.count; });
  CHECK(most->count - least->count <= difference);
}

std::vector<IndexRange> ranges_of(const std::vector<DeviceShard>& shards,
                                  IndexRange DeviceShard::*member) {
  std::vector<IndexRange> ranges;
  for (const DeviceShard& shard : shards) {
    ranges.push_back(shard.*member);
  }
  return ranges;
}

/// Parameters that every device of a stage holds whole: the norms.
std::int64_t norm_parameters(const ModelSpec& model) {
  return model.num_layers * 2 * std::int64_t{model.hidden_dim} + model.hidden_dim;
}

std::int64_t kv_head_parameters(const ModelSpec& model) {
  return std::int64_t{model.num_layers} * 2 * model.head_dim *
         (model.hidden_dim + (model.qkv_bias ? 1 : 0));
}

}  // namespace

TEST_CASE("even ranges cover every item once and differ by at most one") {
  for (int total = 0; total <= 40; ++total) {
    for (int parts = 1; parts <= 9; ++parts) {
      std::vector<IndexRange> ranges;
      for (int index = 0; index < parts; ++index) {
        ranges.push_back(even_range(total, parts, index));
      }
      check_covers_once(ranges, total);
      check_sizes_differ_by_at_most(ranges, 1);
    }
  }
}

TEST_CASE("equal shares give even ranges") {
  for (int total = 0; total <= 40; ++total) {
    for (int parts = 1; parts <= 9; ++parts) {
      const std::vector<int> shares(static_cast<std::size_t>(parts), 3);
      const std::vector<IndexRange> ranges = hexgen::proportional_ranges(total, shares, 0);
      for (int index = 0; index < parts; ++index) {
        CHECK(ranges[static_cast<std::size_t>(index)] == even_range(total, parts, index));
      }
    }
  }
}

TEST_CASE("uneven shares cut by largest remainders and leave nobody with less than the least") {
  // 11 in 3 : 2 : 2: 4.71, 3.14, 3.14, so the one left over goes to the first.
  CHECK(hexgen::proportional_ranges(11, {3, 2, 2}, 0) ==
        std::vector<IndexRange>{{0, 5}, {5, 3}, {8, 3}});
  // 8 in 20 : 1 : 1: 7.27, 0.36, 0.36 -> 7, 1, 0; the third takes one from the first.
  CHECK(hexgen::proportional_ranges(8, {20, 1, 1}, 1) ==
        std::vector<IndexRange>{{0, 6}, {6, 1}, {7, 1}});
}

TEST_CASE("shards of every TP degree from 1 to 8 cover heads, FFN columns and vocabulary once") {
  for (const ModelSpec& model : {round_model(), llama_2_70b(), qwen_2_5_0_5b()}) {
    for (int tp_degree = 1; tp_degree <= 8; ++tp_degree) {
      CAPTURE(model.name);
      CAPTURE(tp_degree);
      const std::vector<DeviceShard> shards = shards_of(model, tp_degree);
      check_covers_once(ranges_of(shards, &DeviceShard::heads), model.num_heads);
      check_covers_once(ranges_of(shards, &DeviceShard::ffn_columns), model.ffn_dim);
      check_covers_once(ranges_of(shards, &DeviceShard::embedding_rows), model.vocab_size);
      check_covers_once(ranges_of(shards, &DeviceShard::lm_head_rows), model.vocab_size);
      check_sizes_differ_by_at_most(ranges_of(shards, &DeviceShard::ffn_columns), 1);
      check_sizes_differ_by_at_most(ranges_of(shards, &DeviceShard::embedding_rows), 1);
      check_sizes_differ_by_at_most(ranges_of(shards, &DeviceShard::kv_heads), 1);
    }
  }
}

TEST_CASE("every query head stands on the device that holds its KV head") {
  for (const ModelSpec& model : {round_model(), llama_2_70b(), qwen_2_5_0_5b()}) {
    const int group = model.num_heads / model.num_kv_heads;
    for (int tp_degree = 1; tp_degree <= 8; ++tp_degree) {
      for (const DeviceShard& shard : shards_of(model, tp_degree)) {
        CHECK(shard.heads.count >= 1);
        CHECK(shard.heads.first / group == shard.kv_heads.first);
        CHECK((shard.heads.end() - 1) / group == shard.kv_heads.end() - 1);
      }
    }
  }
}

TEST_CASE("KV heads are cut while they suffice and replicated beyond") {
  // 8 KV heads on 3 devices: 3, 3, 2, with 8 query heads each.
  const std::vector<DeviceShard> cut = shards_of(llama_2_70b(), 3);
  CHECK(cut[0].kv_heads == IndexRange{0, 3});
  CHECK(cut[1].kv_heads == IndexRange{3, 3});
  CHECK(cut[2].kv_heads == IndexRange{6, 2});
  CHECK(cut[2].heads == IndexRange{48, 16});

  // 2 KV heads of 7 query heads on 4 devices: two devices each, 4 + 3 query heads.
  const std::vector<DeviceShard> replicated = shards_of(qwen_2_5_0_5b(), 4);
  CHECK(replicated[0].kv_heads == IndexRange{0, 1});
  CHECK(replicated[1].kv_heads == IndexRange{0, 1});
  CHECK(replicated[1].heads == IndexRange{4, 3});
  CHECK(replicated[2].kv_heads == IndexRange{1, 1});
  CHECK(replicated[2].heads == IndexRange{7, 4});
}

TEST_CASE("shards together hold the model and exactly the stated replicas") {
  for (const ModelSpec& model : {round_model(), llama_2_70b(), qwen_2_5_0_5b()}) {
    for (int tp_degree = 1; tp_degree <= 8; ++tp_degree) {
      CAPTURE(model.name);
      CAPTURE(tp_degree);
      double sum = 0;
      for (const DeviceShard& shard : shards_of(model, tp_degree)) {
        sum += shard_weight_bytes(model, shard);
      }
      const int extra_kv_heads = std::max(0, tp_degree - model.num_kv_heads);
      CHECK(sum == 2.0 * static_cast<double>(parameter_count(model) +
                                             (tp_degree - 1) * norm_parameters(model) +
                                             extra_kv_heads * kv_head_parameters(model)));
    }
  }
}

TEST_CASE("stages together hold the model, a tied embedding once more") {
  for (const ModelSpec& model : {llama_2_70b(), qwen_2_5_0_5b()}) {
    const DeviceShard front =
        make_shard(model, stage_of(0, 10, 1), {.first = true, .last = false}, 0);
    const DeviceShard back = make_shard(
        model, stage_of(10, model.num_layers - 10, 1), {.first = false, .last = true}, 0);
    const std::int64_t copy =
        model.tied_embeddings ? std::int64_t{model.vocab_size} * model.hidden_dim : 0;
    CHECK(shard_weight_bytes(model, front) + shard_weight_bytes(model, back) ==
          2.0 * static_cast<double>(parameter_count(model) + copy));
  }
}

TEST_CASE("device 0 is the fullest and holds what the memory model counts") {
  const hexgen::Cluster cluster = round_cluster({round_gpu("big", 80)}, {{0, 8}});
  const StagePosition first = {.first = true, .last = false};
  const StagePosition middle = {.first = false, .last = false};
  const StagePosition last = {.first = false, .last = true};
  for (const ModelSpec& model : {round_model(), llama_2_70b(), qwen_2_5_0_5b()}) {
    for (int tp_degree = 1; tp_degree <= 8; ++tp_degree) {
      for (const StagePosition position : {StagePosition{}, first, middle, last}) {
        std::vector<int> devices(static_cast<std::size_t>(tp_degree));
        std::iota(devices.begin(), devices.end(), 0);
        const hexgen::StageMemory memory =
            stage_memory(model, cluster, devices, model.num_layers, position);
        const std::vector<DeviceShard> shards = shards_of(model, tp_degree, position);
        CHECK(shard_weight_bytes(model, shards[0]) == memory.weight_bytes);
        CHECK(shard_kv_bytes_per_token(model, shards[0]) == memory.kv_bytes_per_token);
        for (const DeviceShard& shard : shards) {
          CHECK(shard_weight_bytes(model, shard) <= memory.weight_bytes);
          CHECK(shard_kv_bytes_per_token(model, shard) <= memory.kv_bytes_per_token);
        }
      }
    }
  }
}

TEST_CASE("the bytes of one Llama-2-70B shard are the sum worked out by hand") {
  // Expectation, TP 8, one layer in the middle: q and o 2 * 8192 * 1024, k and v 2 * 8192 * 128,
  // gate, up and down 3 * 8192 * 3584, norms 2 * 8192 = 106,971,136 parameters of 2 bytes.
  const ModelSpec model = llama_2_70b();
  const DeviceShard shard =
      make_shard(model, stage_of(40, 1, 8), {.first = false, .last = false}, 5);
  CHECK(shard_weight_bytes(model, shard) == 213'942'272.0);
  // One KV head of 128 in one layer: 2 * 128 * 2 bytes.
  CHECK(shard_kv_bytes_per_token(model, shard) == 512.0);
}

TEST_CASE("uneven shares cut every tensor in their proportion") {
  Stage stage = stage_of(0, 1, 3);
  stage.shares = {4, 3, 1};
  const ModelSpec model = llama_2_70b();
  // 8 KV heads in 4 : 3 : 1, with 8 query heads each; 28672 columns / 8 = 3584 a share.
  const DeviceShard first = make_shard(model, stage, {}, 0);
  CHECK(first.kv_heads == IndexRange{0, 4});
  CHECK(first.heads == IndexRange{0, 32});
  CHECK(first.ffn_columns == IndexRange{0, 4 * 3584});
  const DeviceShard last = make_shard(model, stage, {}, 2);
  CHECK(last.kv_heads == IndexRange{7, 1});
  CHECK(last.ffn_columns == IndexRange{7 * 3584, 3584});
  CHECK(last.lm_head_rows == IndexRange{28000, 4000});  // 32000 / 8
}

TEST_CASE("a device with a tiny share still holds a KV head, or a query head of a shared one") {
  Stage stage = stage_of(0, 1, 3);
  stage.shares = {1000, 1, 1};
  CHECK(make_shard(llama_2_70b(), stage, {}, 0).kv_heads == IndexRange{0, 6});
  CHECK(make_shard(llama_2_70b(), stage, {}, 2).kv_heads == IndexRange{7, 1});
  // 2 KV heads on 3 devices: the first has one alone, the others share the second's 7 query heads.
  stage.shares = {1, 1000, 1};
  CHECK(make_shard(qwen_2_5_0_5b(), stage, {}, 1).heads == IndexRange{7, 6});
  CHECK(make_shard(qwen_2_5_0_5b(), stage, {}, 2).heads == IndexRange{13, 1});
}

TEST_CASE("the cost models count the largest shard of uneven shares") {
  const hexgen::Shard fullest = hexgen::fullest_shard(llama_2_70b(), std::vector<int>{4, 3, 1});
  CHECK(fullest.kv_heads == 4);
  CHECK(fullest.query_heads == 32);
  CHECK(fullest.ffn_columns == 4 * 3584);
  CHECK(fullest.vocab_rows == 16000);
  const hexgen::Cluster cluster = round_cluster({round_gpu("big", 80)}, {{0, 3}});
  const hexgen::StageMemory even = stage_memory(llama_2_70b(), cluster, {0, 1, 2}, 4, {});
  const hexgen::StageMemory uneven =
      stage_memory(llama_2_70b(), cluster, {0, 1, 2}, 4, {}, {}, {4, 3, 1});
  CHECK(uneven.weight_bytes > even.weight_bytes);
}

TEST_CASE("more devices than query heads are refused") {
  ModelSpec model = round_model();
  model.num_heads = 4;
  model.num_kv_heads = 2;
  CHECK_THROWS_WITH_AS(make_shard(model, stage_of(0, 8, 5), {}, 0),
                       "devices: 5 are more than the model's 4 attention heads",
                       InputError);
}
