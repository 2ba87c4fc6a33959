#include "runner/comm/host_communicator.h"

#include <doctest/doctest.h>

#include <atomic>
#include <numeric>

#include "profiles/errors.h"
#include "tests/runner/comm/run_ranks.h"

using hexgen::DeviceError;
using hexgen::ElementType;
using hexgen::HostCommunicator;
using hexgen::Transport;
using hexgen::test::run_ranks;

namespace {

std::vector<int> all_ranks(int count) {
  std::vector<int> ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

/// Not exact in fp32 sums, so that the order of addition shows.
float value_of(int rank, std::size_t index) {
  return 1.0F / (3.0F + static_cast<float>(rank)) * (1.0F + 0.37F * static_cast<float>(index % 97));
}

std::vector<float> sum_in_rank_order(int ranks, std::size_t count) {
  std::vector<float> sum(count, 0.0F);
  for (int rank = 0; rank < ranks; ++rank) {
    for (std::size_t i = 0; i < count; ++i) {
      sum[i] += value_of(rank, i);
    }
  }
  return sum;
}

std::byte* bytes_of(std::vector<float>& values) {
  return reinterpret_cast<std::byte*>(values.data());
}

}  // namespace

TEST_CASE("every rank gets the sum in the order of the ranks, whatever the size of the message") {
  // 1, 3 and 4000 floats go one-shot; 9001 (36 KB) go in parts that no number of ranks divides.
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{3}, std::size_t{4000}, std::size_t{9001}}) {
    for (int ranks = 1; ranks <= 6; ++ranks) {
      const std::vector<float> expected = sum_in_rank_order(ranks, count);
      std::atomic<int> equal = 0;
      run_ranks(ranks, [&](Transport& transport) {
        HostCommunicator group(transport, all_ranks(ranks), 1);
        std::vector<float> values(count);
        for (std::size_t i = 0; i < count; ++i) {
          values[i] = value_of(group.rank(), i);
        }
        group.all_reduce_sum(bytes_of(values), count, ElementType::kFloat32);
        equal += values == expected ? 1 : 0;
      });
      CAPTURE(count);
      CHECK(equal == ranks);
    }
  }
}

TEST_CASE("an all-gather puts uneven and empty parts in their places, in the group's own order") {
  run_ranks(4, [](Transport& transport) {
    if (transport.rank() == 0) {
      return;  // not in the group
    }
    HostCommunicator group(transport, {3, 1, 2}, 1);
    const std::vector<std::size_t> part_bytes = {8, 0, 20};
    std::vector<float> values(7, -1.0F);
    if (transport.rank() == 3) {
      values[0] = 0;
      values[1] = 1;
    } else if (transport.rank() == 2) {
      std::iota(values.begin() + 2, values.end(), 2.0F);
    }
    group.all_gather(bytes_of(values), part_bytes);
    CHECK(values == std::vector<float>{0, 1, 2, 3, 4, 5, 6});
  });
}

TEST_CASE("a broadcast brings the root's bytes to the whole group") {
  run_ranks(3, [](Transport& transport) {
    HostCommunicator group(transport, {2, 0, 1}, 1);
    std::vector<float> values = {static_cast<float>(group.rank())};
    group.broadcast(std::as_writable_bytes(std::span(values)), 1);
    CHECK(values[0] == 1);
  });
}

TEST_CASE("groups on different channels do not take each other's messages") {
  run_ranks(2, [](Transport& transport) {
    HostCommunicator first(transport, {0, 1}, 1);
    HostCommunicator second(transport, {0, 1}, 2);
    std::vector<float> a = {1};
    std::vector<float> b = {2};
    if (transport.rank() == 0) {
      first.send(std::as_bytes(std::span(a)), 1);
      second.send(std::as_bytes(std::span(b)), 1);
    } else {
      second.receive(std::as_writable_bytes(std::span(b)), 0);
      first.receive(std::as_writable_bytes(std::span(a)), 0);
      CHECK(a[0] == 1);
      CHECK(b[0] == 2);
    }
  });
}

TEST_CASE("a receive ends at the deadline and names the peer that is silent") {
  CHECK_THROWS_WITH_AS(
      run_ranks(
          2,
          [](Transport& transport) {
            if (transport.rank() == 1) {
              transport.receive(0, 7);
            }
          },
          std::chrono::milliseconds(20)),
      "rank 1, before the first step: nothing within 20 ms from rank 0, before the first step",
      DeviceError);
}

TEST_CASE("an abort ends waits under way and later calls with the first reason") {
  run_ranks(3, [](Transport& transport) {
    if (transport.rank() == 0) {
      transport.abort("rank 0: out of paper");
      transport.abort("rank 0: second thoughts");
      return;
    }
    CHECK_THROWS_WITH_AS(transport.receive(0, 1), "rank 0: out of paper", DeviceError);
    CHECK_THROWS_WITH_AS(transport.send(2, 1, {}), "rank 0: out of paper", DeviceError);
  });
}

TEST_CASE("a message of another size than expected is refused") {
  CHECK_THROWS_WITH_AS(run_ranks(2,
                                 [](Transport& transport) {
                                   HostCommunicator group(transport, {0, 1}, 1);
                                   std::vector<std::byte> data(transport.rank() == 0 ? 3 : 4);
                                   if (transport.rank() == 0) {
                                     group.send(data, 1);
                                   } else {
                                     group.receive(data, 0);
                                   }
                                 }),
                       "rank 1: rank 0 sent 3 bytes where 4 were expected",
                       DeviceError);
}
