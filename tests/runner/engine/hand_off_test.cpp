#include "runner/engine/hand_off.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <numeric>
#include <optional>

#include "runner/comm/host_communicator.h"
#include "tests/runner/comm/run_ranks.h"
#include "tests/support/clusters.h"

using hexgen::choose_hand_off;
using hexgen::hand_off_links;
using hexgen::hand_off_s;
using hexgen::HandOff;
using hexgen::HandOffAlgorithm;
using hexgen::HandOffLinks;
using hexgen::HostCommunicator;
using hexgen::LeaderHandOff;
using hexgen::Transport;
using hexgen::test::run_ranks;

namespace {

constexpr std::array kAlgorithms = {
    HandOffAlgorithm::kDirect, HandOffAlgorithm::kSliced, HandOffAlgorithm::kLeader};

/// Bytes sent by sources to destinations, among destinations, and in any other way.
struct Traffic {
  std::atomic<std::size_t> across = 0;
  std::atomic<std::size_t> inside = 0;
  std::atomic<std::size_t> other = 0;
};

class CountingTransport : public Transport {
 public:
  CountingTransport(Transport& inner, int sources, Traffic& traffic)
      : inner_(inner),
        sources_(sources),
        traffic_(traffic) {}

  int rank() const override { return inner_.rank(); }

  int size() const override { return inner_.size(); }

  void send(int peer, int channel, std::span<const std::byte> message) override {
    const bool from_source = rank() < sources_;
    const bool to_source = peer < sources_;
    (to_source     ? traffic_.other
     : from_source ? traffic_.across
                   : traffic_.inside) += message.size();
    inner_.send(peer, channel, message);
  }

  std::vector<std::byte> receive(int peer, int channel) override {
    return inner_.receive(peer, channel);
  }

  void abort(const std::string& reason) noexcept override { inner_.abort(reason); }

 private:
  Transport& inner_;
  int sources_;
  Traffic& traffic_;
};

std::vector<int> ranks_from(int first, int count) {
  std::vector<int> ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), first);
  return ranks;
}

/// Hands `values` over and returns how many destinations have got exactly them.
int hand_over(HandOffAlgorithm algorithm,
              int sources,
              int destinations,
              const std::vector<std::byte>& values,
              Traffic& traffic) {
  std::atomic<int> equal = 0;
  run_ranks(sources + destinations, [&](Transport& plain) {
    CountingTransport transport(plain, sources, traffic);
    HostCommunicator boundary(transport, ranks_from(0, sources + destinations), 1);
    HandOff hand_off(boundary,
                     sources,
                     HandOffLinks{},
                     {.source = sources - 1, .destination = destinations / 2});
    if (transport.rank() < sources) {
      hand_off.send_by(algorithm, values);
      return;
    }
    HostCommunicator stage(transport, ranks_from(sources, destinations), 2);
    std::vector<std::byte> received(values.size());
    hand_off.receive_by(algorithm, received, stage);
    equal += received == values ? 1 : 0;
  });
  return equal;
}

std::vector<std::byte> distinct_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::byte>(i * 37 % 251);
  }
  return bytes;
}

}  // namespace

TEST_CASE("every algorithm brings all bytes to every destination and sends its closed form") {
  // 4 bytes are fewer than a slice, 1000 do not divide into slices of 16.
  for (const std::size_t bytes : {std::size_t{4}, std::size_t{1000}}) {
    const std::vector<std::byte> values = distinct_bytes(bytes);
    for (int a = 1; a <= 8; ++a) {
      for (int b = 1; b <= 8; ++b) {
        for (const HandOffAlgorithm algorithm : kAlgorithms) {
          CAPTURE(a);
          CAPTURE(b);
          Traffic traffic;
          CHECK(hand_over(algorithm, a, b, values, traffic) == b);
          const auto destinations = static_cast<std::size_t>(b);
          const bool direct = algorithm == HandOffAlgorithm::kDirect;
          CHECK(traffic.across == (direct ? destinations * bytes : bytes));
          CHECK(traffic.inside == (direct ? 0 : (destinations - 1) * bytes));
          CHECK(traffic.other == 0);
        }
      }
    }
  }
}

TEST_CASE("between nodes the bytes cross once, between the leaders, whatever the other ranks do") {
  const std::vector<std::byte> values = distinct_bytes(1000);
  for (int a = 1; a <= 4; ++a) {
    for (int b = 1; b <= 4; ++b) {
      CAPTURE(a);
      CAPTURE(b);
      Traffic traffic;
      std::atomic<int> equal = 0;
      run_ranks(a + b, [&](Transport& plain) {
        CountingTransport transport(plain, a, traffic);
        const std::vector<int> leaders = {a - 1, a + b / 2};
        std::optional<HostCommunicator> connection;
        if (transport.rank() == leaders[0] || transport.rank() == leaders[1]) {
          connection.emplace(transport, leaders, 1);
        }
        LeaderHandOff hand_off(connection ? &*connection : nullptr, b / 2);
        if (transport.rank() < a) {
          hand_off.send(values);
          return;
        }
        HostCommunicator stage(transport, ranks_from(a, b), 2);
        std::vector<std::byte> received(values.size());
        hand_off.receive(received, stage);
        equal += received == values ? 1 : 0;
      });
      CHECK(equal == b);
      CHECK(traffic.across == values.size());
      CHECK(traffic.inside == static_cast<std::size_t>(b - 1) * values.size());
      CHECK(traffic.other == 0);
    }
  }
}

TEST_CASE("links of a hand-off are the worst of their kind, shared between nodes") {
  const hexgen::Cluster cluster =
      hexgen::test::round_cluster({hexgen::test::round_gpu("g", 1)}, {{0, 4}, {0, 2}});
  const HandOffLinks inside = hand_off_links(cluster, {0}, {1, 2});
  CHECK_FALSE(inside.across_shared);
  CHECK(inside.across.latency_s == doctest::Approx(10e-6));
  const HandOffLinks between = hand_off_links(cluster, {0, 1}, {4, 5});
  CHECK(between.across_shared);
  CHECK(between.across.latency_s == 1e-3);
  CHECK(between.inside.latency_s == doctest::Approx(10e-6));
  CHECK(hand_off_links(cluster, {0}, {3, 4}).inside.latency_s == 1e-3);  // receivers on two nodes
}

TEST_CASE("the time of each algorithm is the sum worked out by hand") {
  // 1 GB/s and 1 ms across, shared; 100 GB/s and 10 us inside; 4 destinations, 8 MB.
  const HandOffLinks links = {.across = {.latency_s = 1e-3, .bandwidth_bytes_per_s = 1e9},
                              .across_shared = true,
                              .inside = {.latency_s = 10e-6, .bandwidth_bytes_per_s = 100e9}};
  const std::size_t bytes = 8'000'000;
  // Direct: 1 ms + 4 * 8 ms. Sliced: 1 + 8 ms, 3 * 10 us, 3/4 of 80 us. Leader: 9 ms, 2 * 10 us,
  // 80 us.
  CHECK(hand_off_s(HandOffAlgorithm::kDirect, bytes, 2, 4, links) == doctest::Approx(33e-3));
  CHECK(hand_off_s(HandOffAlgorithm::kSliced, bytes, 2, 4, links) == doctest::Approx(9.09e-3));
  CHECK(hand_off_s(HandOffAlgorithm::kLeader, bytes, 2, 4, links) == doctest::Approx(9.1e-3));
  // Own links for each pair: two copies follow each other from each source, two slices side by
  // side.
  HandOffLinks own = links;
  own.across_shared = false;
  CHECK(hand_off_s(HandOffAlgorithm::kDirect, bytes, 2, 4, own) == doctest::Approx(17e-3));
  CHECK(hand_off_s(HandOffAlgorithm::kSliced, bytes, 2, 4, own) == doctest::Approx(5.09e-3));
}

TEST_CASE("decode goes direct where links are fast, prefill sliced, small messages by a leader") {
  const hexgen::Link nvlink = {.latency_s = 8e-6, .bandwidth_bytes_per_s = 260e9};
  const HandOffLinks inside = {.across = nvlink, .inside = nvlink};
  CHECK(choose_hand_off(16 << 10, 2, 4, inside) == HandOffAlgorithm::kDirect);
  CHECK(choose_hand_off(32 << 20, 2, 4, inside) == HandOffAlgorithm::kSliced);
  const HandOffLinks network = {.across = {.latency_s = 1e-4, .bandwidth_bytes_per_s = 0.1e9},
                                .across_shared = true,
                                .inside = nvlink};
  CHECK(choose_hand_off(16 << 10, 1, 8, network) == HandOffAlgorithm::kLeader);
  // A ring has 4 latencies more than the tree, 32 us, and moves 1/8 less: equal at 67 MB.
  CHECK(choose_hand_off(60 << 20, 1, 8, network) == HandOffAlgorithm::kLeader);
  CHECK(choose_hand_off(70 << 20, 1, 8, network) == HandOffAlgorithm::kSliced);
  CHECK(choose_hand_off(16 << 10, 4, 1, network) == HandOffAlgorithm::kDirect);
}
