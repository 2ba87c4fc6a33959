#include "cost_models/measured_layers.h"

#include <doctest/doctest.h>

#include "cost_models/stage_cost.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;

namespace {

constexpr double kUs = 1e-6;

/// tests/data/layer_profile/small.json, in us:
///   q/k/v          10 at 1 token, 20 at 8
///   layer norm     1 at 1 token, 2 at 4, 4 at 16; twice a layer
///   embedding 3, final norm 2, LM head 50 at 1 sequence, 57 at 8, sampler 5 at 1, 12 at 8
///   decode         1 sequence: 4 at 16 cached tokens, 8 at 32; 2 sequences: 6 and 12
///   prompt chunks  20 for 16 tokens (24 beside one sequence with 16), 50 for 32, 66 after 64 more
///   skew, 2 sequences: a quarter of the way up to position 1/2 of the mean, half of it above
std::shared_ptr<const MeasuredLayers> small_layers() {
  return std::make_shared<const MeasuredLayers>(
      read_layer_profile("tests/data/layer_profile/small.json"));
}

double attention_us(const MeasuredBatch& batch) {
  const MeasuredTime time = small_layers()->attention(batch);
  CHECK_FALSE(time.outside);
  return time.time_s / kUs;
}

MeasuredBatch decode(double sequences, double shortest, double mean, double longest) {
  return {.decode_sequences = sequences,
          .mean_kv_tokens = mean,
          .shortest_kv_tokens = shortest,
          .longest_kv_tokens = longest,
          .logit_rows = sequences};
}

}  // namespace

TEST_CASE("the operators of a layer sum up, each between its own points") {
  const auto layers = small_layers();
  CHECK(layers->dense(1).time_s / kUs == Approx(12));  // 10 + 2 * 1
  CHECK(layers->dense(2).time_s / kUs == Approx(10 + 10 / 7.0 + 2 * 4 / 3.0));
  CHECK(layers->dense(8).time_s / kUs == Approx(20 + 2 * (2 + 2 / 3.0)));
  CHECK_FALSE(layers->dense(8).outside);
}

TEST_CASE("operators are extended from where the first of them ends") {
  // Sums at 4 and 8 tokens: 10 + 30/7 + 4 = 128/7 and 20 + 16/3 = 76/3; slope 148/84 a token.
  const MeasuredTime time = small_layers()->dense(12);
  CHECK(time.time_s / kUs == Approx(76 / 3.0 + 4 * 148 / 84.0));
  CHECK(time.outside);
}

TEST_CASE("decode attention depends on sequences and cached tokens") {
  CHECK(attention_us(decode(1, 24, 24, 24)) == Approx(6));
  CHECK(attention_us(decode(2, 24, 24, 24)) == Approx(9));
  CHECK(attention_us(decode(1, 5, 5, 5)) == Approx(4));  // the shortest that was measured
  const MeasuredTime beyond = small_layers()->attention(decode(2, 48, 48, 48));
  CHECK(beyond.time_s / kUs == Approx(18));  // 12 + 16 * 6 / 16
  CHECK(beyond.outside);
}

TEST_CASE("unlike contexts cost a share of the way to the longest") {
  // Two sequences, mean 24: 9 us; all at the longest, 32: 12 us.
  CHECK(attention_us(decode(2, 16, 24, 32)) == Approx(9 + 0.25 * 3));
  CHECK(attention_us(decode(2, 8, 24, 32)) == Approx(9 + 0.5 * 3));  // position 2/3
  CHECK(attention_us(decode(2, 24, 24, 24)) == Approx(9));
}

TEST_CASE("prompt attention depends on the chunk and on what is cached before it") {
  CHECK(attention_us({.prefill_tokens = 16}) == Approx(20));
  CHECK(attention_us({.prefill_tokens = 24}) == Approx(35));
  CHECK(attention_us({.prefill_tokens = 32, .prefill_kv_tokens = 32}) == Approx(58));
  // Cached tokens were measured at 32 only: (20 + 58) / 2.
  CHECK(attention_us({.prefill_tokens = 24, .prefill_kv_tokens = 32}) == Approx(39));
}

TEST_CASE("a chunk beside decoding sequences has times of its own") {
  MeasuredBatch batch = decode(1, 16, 16, 16);
  batch.prefill_tokens = 16;
  CHECK(attention_us(batch) == Approx(24));
  batch.prefill_tokens = 8;  // half way from decoding alone, 4
  CHECK(attention_us(batch) == Approx(14));
}

TEST_CASE("a stage is its layers, and embedding and heads where it holds them") {
  MeasuredStage stage = {.layers = small_layers(), .num_layers = 3};
  CHECK(stage.without_attention(1, 1).time_s / kUs == Approx(3 * 12 + 3 + 2 + 50 + 5));
  CHECK(stage.without_attention(1, 0).time_s / kUs == Approx(3 * 12 + 3 + 2));
  stage.first = false;
  CHECK(stage.without_attention(1, 8).time_s / kUs == Approx(3 * 12 + 2 + 57 + 12));
  stage.last = false;
  CHECK(stage.without_attention(1, 1).time_s / kUs == Approx(3 * 12));
  CHECK(stage.attention({.prefill_tokens = 16}).time_s / kUs == Approx(60));
}

TEST_CASE("a stage of GPUs that were measured takes its times from the tables") {
  const ModelSpec model = test::round_model();
  const Cluster cluster = test::round_cluster(
      {test::round_gpu("measured", 24), test::round_gpu("other", 24)}, {{0, 2}, {1, 1}});
  LayerProfile profile = read_layer_profile("tests/data/layer_profile/small.json");
  profile.gpu_type = "MEASURED";
  profile.model = "Round";
  LayerTables tables;
  tables.add(profile);
  const StagePosition middle = {.first = false, .last = false};
  const StageCost stage = stage_cost(model, cluster, {0}, 3, middle, {}, {}, tables);
  // One sequence with 24 tokens: 3 layers of 12 us and 6 us of attention.
  CHECK(stage.iteration_s(decode_shape(1, 24)) / kUs == Approx(54));
  // A prompt of 16 tokens: the operators, 76/3 us at 8 tokens and 148/84 us a token on, and 20 us.
  CHECK(stage.iteration_s(prefill_shape(16)) / kUs == Approx(3 * (76 / 3.0 + 8 * 148 / 84.0 + 20)));

  CHECK_FALSE(stage_cost(model, cluster, {2}, 3, middle, {}, {}, tables).measured);
  CHECK_FALSE(stage_cost(model, cluster, {0, 1}, 3, middle, {}, {}, tables).measured);
  profile.tp_degree = 2;
  tables.add(profile);
  const StageCost pair = stage_cost(model, cluster, {0, 1}, 3, middle, {}, {}, tables);
  CHECK(pair.measured);
  CHECK_FALSE(stage_cost(model, cluster, {0, 1}, 3, middle, {}, {2, 1}, tables).measured);
  CHECK_FALSE(stage_cost(model, cluster, {0, 2}, 3, middle, {}, {}, tables).measured);
  // All-reduces are not in the tables: two a layer.
  CHECK(pair.iteration_s(decode_shape(1, 24)) / kUs ==
        Approx(54 + pair.all_reduce_time_s(1) / kUs));
  CHECK(pair.all_reduce_time_s(1) > 0);
}

TEST_CASE("without skew in the profile contexts count by their mean") {
  LayerProfile profile = read_layer_profile("tests/data/layer_profile/small.json");
  profile.skew.clear();
  CHECK(MeasuredLayers(profile).attention(decode(2, 16, 24, 32)).time_s / kUs == Approx(9));
}
