#include "planner/throughput_bound.h"

#include <doctest/doctest.h>

#include "tests/planner/search_space_builder.h"

using namespace hexgen;

namespace {

/// Requests of 50 tokens of which one comes out, one at a time, without any reserve.
ServiceTerms prefill_only() {
  return {.demand = mean_demand({{.prompt_tokens = 50, .output_tokens = 1}}),
          .policy = BatchPolicyKind::kOneBatch,
          .max_batch = 1,
          .memory = {.reserve_bytes = 0, .activation_tokens = 0, .logit_rows = 0}};
}

}  // namespace

TEST_CASE("one device that holds the model is worth what its layers take") {
  // Expectation, a layer: weights 2 bytes * (1000 * 2000 + 1000 * 1000 + 1000 * 8000 + 4000 * 1000)
  // = 30 MB at 1 TB/s: 30 us; activations of the four products 2 bytes * 50 * (3000 + 2000 + 9000 +
  // 5000) = 1.9 MB: 1.9 us; elementwise 2 bytes * 50 * (8000 + 3000 + 12000) = 2.3 MB: 2.3 us;
  // attention 50 * 51 / 2 pairs * 4 * 1000 FLOPs = 5.1 MFLOP at 100 TFLOP/s: 0.051 us.
  // 8 layers * 34.251 us = 274.008 us.
  const Cluster cluster = test::round_cluster({test::round_gpu("round", 48)}, {{0, 1}});
  const SearchSpace space = test::search_space(cluster, 1);
  const double bound = throughput_bound(test::round_model(), space, prefill_only());
  CHECK(bound == doctest::Approx(1 / 274.008e-6).epsilon(1e-6));
}

TEST_CASE("nothing is served in less time than a request takes alone") {
  const Cluster cluster = test::round_cluster({test::round_gpu("round", 48)}, {{0, 1}});
  const SearchSpace space = test::search_space(cluster, 1);
  ServiceTerms terms = prefill_only();
  terms.time_allowed_s = 273e-6;  // of 274.008 us
  CHECK(throughput_bound(test::round_model(), space, terms) == 0);
  terms.time_allowed_s = 275e-6;
  CHECK(throughput_bound(test::round_model(), space, terms) > 3600);
}

TEST_CASE("a node that cannot hold the model pays for the way to the nearest that can help") {
  const Cluster cluster = test::two_region_cluster();
  // Expectation: n0 holds 4/2 of the model, n1 4/4, n2 2/2; n3 with 3/4 needs n2, which is 0.1 ms
  // away at 1.25 GB/s.
  const std::vector<ForcedCrossing> crossings =
      forced_crossings(test::two_region_space(cluster), 1e6);
  REQUIRE(crossings.size() == 4);
  for (int node = 0; node < 3; ++node) {
    CHECK(crossings[static_cast<std::size_t>(node)].round_trip_s == 0);
  }
  CHECK(crossings[3].one_way_s == doctest::Approx(1e-4));
  CHECK(crossings[3].round_trip_s == doctest::Approx(2e-4));
  CHECK(crossings[3].s_per_byte == doctest::Approx(1 / 1.25e9));
}

TEST_CASE("a region that cannot hold the model pays for the way to the other one") {
  const Cluster cluster = test::two_region_cluster();
  // Expectation: with 0.15 a device n0 and n1 hold 1.2 models together, n2 and n3 0.75.
  const std::vector<ForcedCrossing> crossings =
      forced_crossings(test::search_space(cluster, 0.15), 1e6);
  CHECK(crossings[0].round_trip_s == doctest::Approx(2e-4));
  CHECK(crossings[1].round_trip_s == doctest::Approx(2e-4));
  CHECK(crossings[2].round_trip_s == doctest::Approx(0.1));
  CHECK(crossings[3].s_per_byte == doctest::Approx(1 / 0.25e9));
}

TEST_CASE("nodes that may not share a pipeline and cannot hold the model are worth nothing") {
  const Cluster cluster = test::round_cluster(
      {test::round_gpu("large", 48), test::round_gpu("small", 0.2)}, {{0, 1}, {1, 1}});
  SearchSpace space = test::search_space(cluster, 1);
  space.model_share = {1, 0.5};
  const double together = throughput_bound(test::round_model(), space, prefill_only());
  space.kind = {0, 1};
  const double apart = throughput_bound(test::round_model(), space, prefill_only());
  CHECK(apart == doctest::Approx(1 / 274.008e-6).epsilon(1e-6));
  CHECK(together > apart);
}
