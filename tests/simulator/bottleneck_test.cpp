#include "simulator/bottleneck.h"

#include <doctest/doctest.h>

#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;
using Kind = Bottleneck::Kind;

namespace {

const ReplicaModel kReplica = fixed_replica({1.0, 1.0}, 10);

/// Ten seconds in which nothing was short.
ReplicaUse easy() {
  return {.duration_s = 10,
          .kv_utilisation = 0.1,
          .running = 2,
          .waiting = 0,
          .waiting_share = 0,
          .peak_kv_blocks = 20,
          .kv_blocks = 100,
          .hand_off_s = {0.5, 0.5},
          .served = {10, 10}};
}

}  // namespace

TEST_CASE("the busiest stage sets the pace when nothing else is short") {
  const Bottleneck bottleneck = bottleneck_of(kReplica, {0.3, 0.45}, easy());
  CHECK(bottleneck.kind == Kind::kStage);
  CHECK(bottleneck.stage == 1);
  CHECK_FALSE(bottleneck.holds_back);
  CHECK(bottleneck.reason == "stage 1, busy 45.0 % of the time");
}

TEST_CASE("a full KV cache holds a pipeline back, unless a stage is busy all the time") {
  ReplicaUse use = easy();
  use.waiting = 7;
  use.waiting_share = 0.8;
  use.kv_utilisation = 0.7;
  use.peak_kv_blocks = 99;
  const Bottleneck bottleneck = bottleneck_of(kReplica, {0.3, 0.45}, use);
  CHECK(bottleneck.kind == Kind::kKvCache);
  CHECK(bottleneck.holds_back);
  CHECK(bottleneck.reason == "the KV cache, 70.0 % full on average, 99.0 % at the peak");
  CHECK(bottleneck_of(kReplica, {0.95, 0.45}, use).kind == Kind::kStage);
  use.waiting_share = 0.04;
  CHECK(bottleneck_of(kReplica, {0.3, 0.45}, use).kind == Kind::kStage);
}

TEST_CASE("max_batch holds a pipeline back when requests wait and its places are taken") {
  ReplicaUse use = easy();
  use.waiting = 1;
  use.waiting_share = 0.5;
  use.running = 8;
  const Bottleneck bottleneck = bottleneck_of(kReplica, {0.3, 0.45}, use);
  CHECK(bottleneck.kind == Kind::kPlaces);
  CHECK(bottleneck.holds_back);
  CHECK(bottleneck.reason == "max_batch, 8.0 of 10 places taken on average");
  use.running = 7.9;
  CHECK(bottleneck_of(kReplica, {0.3, 0.45}, use).kind == Kind::kStage);
}

TEST_CASE("hand-offs set the pace when half of the way is on links") {
  // Stages busy 10 s * (0.1 + 0.2) = 3 s, links 2.5 + 0.5 = 3 s: just half.
  ReplicaUse use = easy();
  use.hand_off_s = {2.5, 0.5};
  const Bottleneck bottleneck = bottleneck_of(kReplica, {0.1, 0.2}, use);
  CHECK(bottleneck.kind == Kind::kHandOffs);
  CHECK(bottleneck.stage == 0);
  CHECK(bottleneck.reason ==
        "hand-offs, 50.0 % of an iteration's way, most of it from stage 0 to 1");
  use.hand_off_s = {2.4, 0.5};
  CHECK(bottleneck_of(kReplica, {0.1, 0.2}, use).kind == Kind::kStage);
}
