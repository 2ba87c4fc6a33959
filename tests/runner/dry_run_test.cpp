#include "runner/placement/dry_run.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "tests/support/clusters.h"

using hexgen::check_fits;
using hexgen::Cluster;
using hexgen::dry_run;
using hexgen::InfeasibleError;
using hexgen::InputError;
using hexgen::MemoryPolicy;
using hexgen::ModelSpec;
using hexgen::PipelineDryRun;
using hexgen::Plan;
using hexgen::test::round_cluster;
using hexgen::test::round_gpu;
using hexgen::test::round_model;

namespace {

/// Nothing but weights and KV counts.
const MemoryPolicy kBare = {.reserve_bytes = 0, .activation_tokens = 0, .logit_rows = 0};

/// n0 with two GPUs of 1 GB, n1 with one of 2 GB.
Cluster small_cluster() {
  return round_cluster({round_gpu("small", 1), round_gpu("large", 2)}, {{0, 2}, {1, 1}});
}

/// Six layers on n0 at TP 2, two on n1.
Plan two_stages(std::int64_t kv_capacity_tokens) {
  return Plan({{.name = "p0",
                .kv_capacity_tokens = kv_capacity_tokens,
                .stages = {{.first_layer = 0, .num_layers = 6, .devices = {0, 1}},
                           {.first_layer = 6, .num_layers = 2, .devices = {2}}}}},
              8,
              3);
}

}  // namespace

TEST_CASE("a dry run counts what each device holds by hand") {
  const std::vector<PipelineDryRun> pipelines =
      dry_run(two_stages(0), round_model(), small_cluster(), kBare);
  REQUIRE(pipelines.size() == 1);
  REQUIRE(pipelines[0].ranks.size() == 3);

  // Rank 0 of stage 0 has 3 of 5 KV heads and 6 of 10 query heads of 100, 2000 of 4000 FFN columns.
  // A layer: q and o 2 * 1000 * 600, k and v 2 * 1000 * 300, FFN 3 * 1000 * 2000, norms 2000
  // = 7,802,000; six of them and 5000 * 1000 of the embedding = 51,812,000 parameters of 2 bytes.
  const hexgen::RankMemory& first = pipelines[0].ranks[0];
  CHECK(first.weight_bytes == 103'624'000);
  // KV of a token: 2 * 6 layers * 3 heads * 100 * 2 bytes = 7200; (1e9 - 103,624,000) / 7200.
  CHECK(first.kv_capacity_tokens() == 124'496);

  // Rank 1 has 2 KV heads: 4800 bytes of KV a token; 4 query heads: q and o 800,000, k and v
  // 400,000, FFN 6,000,000, norms 2000 = 7,202,000 a layer.
  const hexgen::RankMemory& second = pipelines[0].ranks[1];
  CHECK(second.weight_bytes == 2 * (6 * 7'202'000 + 5'000'000));
  CHECK(second.kv_bytes_per_token == 4800);

  // Stage 1 has room for 2e9 / 4000 tokens less its weights: stage 0 binds, through rank 0.
  CHECK(pipelines[0].binding_rank().stage == 0);
  CHECK(pipelines[0].binding_rank().rank == 0);
}

TEST_CASE("reserve and activations are those of the memory model") {
  const Cluster cluster = small_cluster();
  const ModelSpec model = round_model();
  const std::vector<PipelineDryRun> pipelines = dry_run(two_stages(0), model, cluster);
  const std::vector<hexgen::StageMemory> stages =
      pipeline_memory(model, cluster, two_stages(0).pipelines()[0]);
  for (const hexgen::RankMemory& rank : pipelines[0].ranks) {
    const hexgen::StageMemory& stage = stages[static_cast<std::size_t>(rank.stage)];
    CHECK(rank.activation_bytes == stage.activation_bytes);
    CHECK(rank.reserve_bytes == stage.reserve_bytes);
  }
  CHECK(pipelines[0].binding_rank().kv_capacity_tokens() == kv_capacity_tokens(stages));
}

TEST_CASE("a plan fits with exactly its KV capacity and not with one token more") {
  const Cluster cluster = small_cluster();
  CHECK_NOTHROW(check_fits(dry_run(two_stages(124'496), round_model(), cluster, kBare), cluster));
  // 124,497 tokens of 7200 bytes and 103,624,000 of weights are 2,400 bytes more than 1e9.
  CHECK_THROWS_WITH_AS(
      check_fits(dry_run(two_stages(124'497), round_model(), cluster, kBare), cluster),
      "pipelines[0].stages[0]: device n0:0 (small) lacks 2400 bytes: weights 0.1 GB, KV 0.9 GB, "
      "activations 0.0 GB, reserve 0.0 GB do not fit in 1.0 GB",
      InfeasibleError);
}

TEST_CASE("a plan that promises no KV must still hold its weights and one token") {
  const Cluster cluster = round_cluster({round_gpu("tiny", 0.1)}, {{0, 3}});
  CHECK_THROWS_WITH_AS(check_fits(dry_run(two_stages(0), round_model(), cluster, kBare), cluster),
                       doctest::Contains("device n0:0 (tiny) lacks 3631200 bytes"),
                       InfeasibleError);
}

TEST_CASE("more devices than heads are refused by stage") {
  ModelSpec model = round_model();
  model.num_heads = 1;
  model.num_kv_heads = 1;
  CHECK_THROWS_WITH_AS(
      dry_run(two_stages(0), model, small_cluster()),
      "pipelines[0].stages[0].devices: 2 are more than the model's 1 attention heads",
      InputError);
}

TEST_CASE("the table and the JSON name the binding stage and every device") {
  const Cluster cluster = small_cluster();
  const std::vector<PipelineDryRun> pipelines =
      dry_run(two_stages(5), round_model(), cluster, kBare);
  const std::string table = dry_run_table(pipelines, cluster);
  CHECK(table.find("p0: room for 124496 KV tokens, bound by stage 0 (n0:0)\n") == 0);
  CHECK(table.find("n1:0") != std::string::npos);
  const std::string json = dry_run_json(pipelines, cluster);
  CHECK(json.find("\"binding_stage\": 0") != std::string::npos);
  CHECK(json.find("\"weight_bytes\": 103624000") != std::string::npos);
  CHECK(json.find("\"planned_kv_tokens\": 5") != std::string::npos);
}
