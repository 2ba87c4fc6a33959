#include <doctest/doctest.h>

#include <vector>

#include "simulator/shared_network.h"
#include "tests/simulator/systems.h"

// Transfers that share links, every time worked out by hand.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr SimTime kSecond = 1'000'000'000;

struct Ends final : TransferOwner {
  void transferred(std::uint64_t tag, SimTime now) override {
    ends.resize(std::max<std::size_t>(ends.size(), tag + 1));
    ends[tag] = to_seconds(now);
  }

  std::vector<double> ends;
};

struct Transfer {
  double start_s = 0;
  double alone_s = 0;
  NetworkLeg leg;
};

/// Times at which transfers end that start in this order.
std::vector<double> ends_of(const std::vector<NetworkResource>& resources,
                            const std::vector<Transfer>& transfers) {
  SharedNetwork network(resources);
  Ends owner;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    const SimTime start = to_sim_time(transfers[i].start_s);
    while (network.next_event().time <= start) {
      network.carry_out_next();
    }
    network.start(start, transfers[i].leg, to_sim_time(transfers[i].alone_s), owner, i);
  }
  while (network.next_event() < kNever) {
    network.carry_out_next();
  }
  return owner.ends;
}

/// Two stages that serve for 1 s each on different nodes. The hand-off from the first takes
/// `seconds` for each of the prompt's tokens, all of it bytes over resource 0.
ReplicaModel sender(double seconds_per_token, double latency_s = 0) {
  ReplicaModel replica = fixed_replica({1.0, 1.0});
  replica.stages[0].handoff_s_per_token = seconds_per_token;
  replica.stages[0].handoff_s = latency_s;
  replica.transfers.resize(2);
  replica.transfers[0].handoff = {{.bytes_per_s = 1, .resources = {0}}};
  return replica;
}

}  // namespace

TEST_CASE("a transfer alone takes its own time, to the nanosecond") {
  const NetworkLeg leg = {.bytes_per_s = 0.3, .resources = {0}};
  SharedNetwork network(std::vector<NetworkResource>{{.bytes_per_s = 0.3}});
  Ends owner;
  for (const SimTime alone : {SimTime{1}, SimTime{3}, SimTime{333333333}}) {
    network.start(5, leg, alone, owner, 0);
    CHECK(network.next_event().time == 5 + alone);
    network.carry_out_next();
  }
}

TEST_CASE("two transfers on one link each go half as fast while both are there") {
  // 4 s and 2 s alone, starting at 0 and 1. At 1, A has 3 s left, B 2 s; both at half speed: B ends
  // at 5, A has 1 s left then and ends at 6.
  const NetworkLeg leg = {.bytes_per_s = 1, .resources = {0}};
  CHECK(ends_of({{1}}, {{0, 4, leg}, {1, 2, leg}}) == std::vector<double>{6, 5});
}

TEST_CASE("three transfers on one link that start at different times") {
  // A: 6 s from 0, B: 3 s from 2, C: 1 s from 4.
  // 0-2: A alone, 4 left. 2-4: halves: A 3, B 2 left. 4-: thirds: C ends at 7, A 2, B 1 left.
  // 7-: halves: B ends at 9, A 1 left and alone: 10.
  const NetworkLeg leg = {.bytes_per_s = 1, .resources = {0}};
  CHECK(ends_of({{1}}, {{0, 6, leg}, {2, 3, leg}, {4, 1, leg}}) == std::vector<double>{10, 9, 7});
}

TEST_CASE("over two links the fair rates are max-min, not equal splits") {
  // Link 0 carries 1 B/s, link 1 4 B/s. A crosses both, at most 1 B/s; B crosses link 0, at most
  // 1 B/s; C crosses link 1, at most 4 B/s. A and B get 0.5 each, C the 3.5 that A leaves.
  // A has 2 s alone = 2 B: 4 s. B likewise. C has 7 B = 1.75 s alone: 7 / 3.5 = 2 s, then A is as
  // fast as before, for link 0 holds it.
  const NetworkLeg a = {.bytes_per_s = 1, .resources = {0, 1}};
  const NetworkLeg b = {.bytes_per_s = 1, .resources = {0}};
  const NetworkLeg c = {.bytes_per_s = 4, .resources = {1}};
  CHECK(ends_of({{1}, {4}}, {{0, 2, a}, {0, 2, b}, {0, 1.75, c}}) == std::vector<double>{4, 4, 2});
}

TEST_CASE("a cancelled transfer leaves the link to the others") {
  // Both at half speed until 2 s: A has 3 s left then, and is alone.
  const NetworkLeg leg = {.bytes_per_s = 1, .resources = {0}};
  SharedNetwork network(std::vector<NetworkResource>{{1}});
  Ends a;
  Ends b;
  network.start(0, leg, 4 * kSecond, a, 0);
  network.start(0, leg, 4 * kSecond, b, 0);
  network.cancel(b, 2 * kSecond);
  CHECK(network.next_event().time == 5 * kSecond);
}

TEST_CASE("two replicas whose hand-offs share a NIC slow each other down") {
  // Prompts of 4 tokens, 1 s of bytes a token, at 0 s on both replicas. Stage 0 until 1; both
  // hand-offs of 4 s share the NIC: until 9; stage 1 until 10. Alone it would be 1 + 4 + 1 = 6.
  const ServingSystem system = {.replicas = {sender(1), sender(1)}, .network = {{1}}};
  const auto result = play(system, {{0, 4, 1}, {0, 4, 1}});
  CHECK(result.requests[0].first_token_s() == 10);
  CHECK(result.requests[1].first_token_s() == 10);
  CHECK(result.stage_busy_s == std::vector<std::vector<double>>{{1, 1}, {1, 1}});
}

TEST_CASE("hand-offs that overlap in part share for that time only") {
  // As above, the second request at 2 s: its stage 0 until 3. The first sends alone 1-3, 2 s of its
  // 4 s; then both at half speed: the first ends at 7, when the second has 2 s left, alone: 9.
  const ServingSystem system = {.replicas = {sender(1), sender(1)}, .network = {{1}}};
  const auto result = play(system, {{0, 4, 1}, {2, 4, 1}});
  CHECK(result.requests[0].first_token_s() == 8);
  CHECK(result.requests[1].first_token_s() == 10);
}

TEST_CASE("latency is not shared") {
  // Bytes as in the first case, until 9, then 0.5 s on the way.
  const ServingSystem system = {.replicas = {sender(1, 0.5), sender(1, 0.5)}, .network = {{1}}};
  CHECK(play(system, {{0, 4, 1}, {0, 4, 1}}).requests[0].first_token_s() == 10.5);
}

TEST_CASE("a link with room for both slows nobody down") {
  const ServingSystem system = {.replicas = {sender(1), sender(1)}, .network = {{2}}};
  CHECK(play(system, {{0, 4, 1}, {0, 4, 1}}).requests[1].first_token_s() == 6);
}

TEST_CASE("hand-offs of one boundary go one after the other") {
  // One replica, two requests: stage 0 until 1 and 2; the link carries the first 1-5, the second
  // 5-9; stage 1 ends at 6 and 10.
  ReplicaModel replica = sender(1);
  replica.max_batch = 2;
  const ServingSystem system = {.replicas = {replica}, .network = {{1}}};
  SimulationOptions options;
  for (const bool ahead : {true, false}) {
    options.launch_ahead = ahead;
    const auto result = play(system, {{0, 4, 1}, {0, 4, 1}}, options);
    CHECK(result.requests[0].first_token_s() == 6);
    CHECK(result.requests[1].first_token_s() == 10);
  }
}

TEST_CASE("all-reduces across nodes share with hand-offs and keep the stage busy") {
  // Replica 0: one stage, 1 s of compute and 1 s a token of all-reduce. Replica 1 hands off as
  // above. 4 tokens each: both compute until 1, then share: the all-reduce ends at 9 = first token;
  // the hand-off too, and stage 1 gives its token at 10.
  ReplicaModel reducing = fixed_replica({1.0});
  reducing.stages[0].all_reduce_s_per_token = 1;
  reducing.transfers = {{.all_reduce = NetworkLeg{.bytes_per_s = 1, .resources = {0}}}};
  const ServingSystem system = {.replicas = {reducing, sender(1)}, .network = {{1}}};
  const auto result = play(system, {{0, 4, 1}, {0, 4, 1}});
  CHECK(result.requests[0].first_token_s() == 9);
  CHECK(result.requests[1].first_token_s() == 10);
  CHECK(result.stage_busy_s == std::vector<std::vector<double>>{{9}, {1, 1}});
}
