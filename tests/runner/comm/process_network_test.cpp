#include "runner/comm/process_network.h"

#include <doctest/doctest.h>

#include <atomic>
#include <numeric>
#include <random>

#include "profiles/errors.h"
#include "runner/comm/host_communicator.h"
#include "runner/comm/rendezvous_message.h"
#include "tests/runner/comm/processes.h"
#include "tests/runner/comm/run_ranks.h"

using hexgen::Address;
using hexgen::DeviceError;
using hexgen::ElementType;
using hexgen::HostCommunicator;
using hexgen::NetworkTimes;
using hexgen::ProcessNetwork;
using hexgen::Socket;
using hexgen::Transport;
using hexgen::test::free_address;
using hexgen::test::group_at;
using hexgen::test::run_processes;
using hexgen::test::run_ranks;

namespace {

using std::chrono::milliseconds;

void never_stuck(const std::string& reason) {
  FAIL(reason);
}

/// Runs body on every rank, in as many processes as process_of_rank names.
std::vector<std::string> run_network(const std::vector<int>& process_of_rank,
                                     const std::function<void(Transport&)>& body,
                                     const NetworkTimes& times = {}) {
  const int count = 1 + *std::max_element(process_of_rank.begin(), process_of_rank.end());
  const Address address = free_address();
  return run_processes(count, [&](int process) {
    ProcessNetwork network(group_at(address, process, process_of_rank, count), times, never_stuck);
    std::vector<std::thread> threads;
    for (const int rank : network.local_ranks()) {
      threads.emplace_back([&network, &body, rank] {
        const auto transport = network.transport(rank);
        try {
          body(*transport);
        } catch (const std::exception& error) {
          transport->abort(error.what());
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    network.finish();
  });
}

/// What one rank ends with after random collectives in random groups.
std::vector<float> random_collectives(Transport& transport, std::uint64_t seed) {
  std::mt19937_64 shared(seed);  // the same on all ranks
  std::vector<float> values(1 + shared() % 20'000);
  std::iota(values.begin(), values.end(), 0.1F * static_cast<float>(transport.rank()));
  for (int channel = 1; channel <= 6; ++channel) {
    std::vector<int> members(static_cast<std::size_t>(transport.size()));
    std::iota(members.begin(), members.end(), 0);
    for (std::size_t i = members.size(); i > 1; --i) {
      std::swap(members[i - 1], members[shared() % i]);
    }
    members.resize(1 + shared() % members.size());
    const std::size_t count = 1 + shared() % values.size();
    if (std::find(members.begin(), members.end(), transport.rank()) != members.end()) {
      HostCommunicator group(transport, members, channel);
      auto* bytes = reinterpret_cast<std::byte*>(values.data());
      group.all_reduce_sum(bytes, count, ElementType::kFloat32);
      const int next = (group.rank() + 1) % group.size();
      const int previous = (group.rank() + group.size() - 1) % group.size();
      if (group.size() > 1) {
        group.send({bytes, count * sizeof(float)}, next);
        group.receive({bytes, count * sizeof(float)}, previous);
      }
    }
  }
  return values;
}

Socket join_by_hand(const Address& address) {
  std::optional<Socket> socket;
  while (!socket) {
    socket = connect_to(address, std::chrono::steady_clock::now() + std::chrono::seconds(10));
  }
  send_frame(*socket,
             hexgen::FrameKind::kJoin,
             hexgen::pack_texts({"1", "2", "4000", "b"}),
             std::chrono::steady_clock::now() + std::chrono::seconds(10));
  return *std::move(socket);
}

/// Process 0 with rank 0 waits for rank 1, whose process is played by `peer`; what rank 0 hears.
std::string rank_beside(const std::function<void(const Socket&)>& peer, const NetworkTimes& times) {
  const Address address = free_address();
  return run_processes(2, [&](int process) {
    if (process == 1) {
      const Socket socket = join_by_hand(address);
      receive_frame(socket, std::chrono::steady_clock::now() + std::chrono::seconds(10));
      peer(socket);
      return;
    }
    ProcessNetwork network(group_at(address, 0, {0, 1}, 2), times, never_stuck);
    network.transport(0)->receive(1, 7);
  })[0];
}

void send_data(const Socket& socket, hexgen::FrameHeader header, std::size_t bytes_sent) {
  const auto bytes = hexgen::encode_frame_header(header);
  send_some(socket, std::span(bytes).first(bytes_sent));
}

}  // namespace

TEST_CASE("collectives in random groups give the same bits over processes as over threads") {
  std::mt19937_64 random(4);
  for (std::uint64_t round = 0; round < 12; ++round) {
    const int ranks = 2 + static_cast<int>(random() % 5);
    const int processes = 2 + static_cast<int>(random() % std::min(3, ranks - 1));
    std::vector<int> process_of_rank;
    for (int rank = 0; rank < ranks; ++rank) {
      process_of_rank.push_back(
          rank < processes ? rank
                           : static_cast<int>(random() % static_cast<std::uint64_t>(processes)));
    }
    std::vector<std::vector<float>> expected(static_cast<std::size_t>(ranks));
    run_ranks(ranks, [&](Transport& transport) {
      expected[static_cast<std::size_t>(transport.rank())] = random_collectives(transport, round);
    });
    std::vector<std::vector<float>> found(static_cast<std::size_t>(ranks));
    const auto errors = run_network(process_of_rank, [&](Transport& transport) {
      found[static_cast<std::size_t>(transport.rank())] = random_collectives(transport, round);
    });
    CHECK(errors == std::vector<std::string>(static_cast<std::size_t>(processes)));
    CHECK(found == expected);
  }
}

TEST_CASE("messages far larger than the kernel's buffers cross in both directions at once") {
  static constexpr std::size_t kBytes = 40'000'000;
  const auto errors = run_network({0, 1}, [](Transport& transport) {
    const int peer = 1 - transport.rank();
    std::vector<std::byte> message(kBytes, static_cast<std::byte>(1 + transport.rank()));
    message.back() = std::byte{9};
    transport.send(peer, 3, message);
    transport.send(peer, 3, {});
    const std::vector<std::byte> received = transport.receive(peer, 3);
    CHECK(received.size() == kBytes);
    CHECK(received.front() == static_cast<std::byte>(1 + peer));
    CHECK(received.back() == std::byte{9});
    CHECK(transport.receive(peer, 3).empty());
  });
  CHECK(errors == std::vector<std::string>(2));
}

TEST_CASE("an abort ends the waits of all ranks of all processes with its reason") {
  const auto errors = run_network({0, 0, 1, 2}, [](Transport& transport) {
    if (transport.rank() == 2) {
      transport.abort("stage 1 (rank 2), step 4: out of paper");
      return;
    }
    CHECK_THROWS_WITH_AS(transport.receive((transport.rank() + 1) % 4, 1),
                         "stage 1 (rank 2), step 4: out of paper",
                         DeviceError);
    CHECK_THROWS_AS(transport.send(2, 1, {}), DeviceError);
  });
  CHECK(errors == std::vector<std::string>(3, "stage 1 (rank 2), step 4: out of paper"));
}

TEST_CASE("a process that ends before the work is done is named to the others") {
  const Address address = free_address();
  const auto errors = run_processes(2, [&](int process) {
    ProcessNetwork network(group_at(address, process, {0, 1}, 2), {}, never_stuck);
    if (process == 0) {
      network.finish();
    }
  });
  CHECK(errors == std::vector<std::string>{"node b ended before the work was done", ""});
}

TEST_CASE("the end waits for the slowest process, and for no longer than a receive would") {
  const Address address = free_address();
  std::atomic<bool> slow_done = false;
  auto errors = run_processes(2, [&](int process) {
    ProcessNetwork network(group_at(address, process, {0, 1}, 2), {}, never_stuck);
    if (process == 1) {
      std::this_thread::sleep_for(milliseconds(200));
      slow_done = true;
    }
    network.finish();
    CHECK(slow_done);
  });
  CHECK(errors == std::vector<std::string>(2));

  const NetworkTimes times = {.receive_deadline = milliseconds(100)};
  errors = run_processes(2, [&](int process) {
    ProcessNetwork network(group_at(address, process, {0, 1}, 2), times, never_stuck);
    if (process == 0) {
      network.finish();
    }
    std::this_thread::sleep_for(milliseconds(400));
  });
  CHECK(errors[0] == "not done within 100 ms: b");
}

TEST_CASE("a process that dies is reported with its node, rank, stage and last step") {
  const auto die_at_step_17 = [](const Socket& socket) {
    send_data(socket, {.kind = hexgen::FrameKind::kHeartbeat, .from = 1, .step = 17}, 32);
  };
  CHECK(rank_beside(die_at_step_17, {}) ==
        "lost node b (stage 1 (rank 1), step 17): the connection was closed");
}

TEST_CASE("a process that dies in the middle of a message is reported, its half message is not") {
  const auto die = [](const Socket& socket) {
    send_data(socket,
              {.kind = hexgen::FrameKind::kData, .from = 1, .channel = 7, .payload_bytes = 50},
              32);
    send_some(socket, std::vector<std::byte>(20));
  };
  CHECK(rank_beside(die, {}) ==
        "lost node b (stage 1 (rank 1), before the first step): the connection was closed");
}

TEST_CASE("a process that stays silent is lost after the missed beats") {
  const NetworkTimes times = {.beat = milliseconds(20), .missed_beats = 5};
  const auto stay_silent = [](const Socket&) { std::this_thread::sleep_for(milliseconds(600)); };
  CHECK(rank_beside(stay_silent, times) ==
        "lost node b (stage 1 (rank 1), before the first step): silent for 100 ms");
}

TEST_CASE("a process that sends anything but its own ranks' messages is lost") {
  const auto message_after = [](const hexgen::FrameHeader& header) {
    return rank_beside([&](const Socket& socket) { send_data(socket, header, 32); }, {});
  };
  const std::string lost = "lost node b (stage 1 (rank 1), before the first step): ";
  using Kind = hexgen::FrameKind;
  CHECK(message_after({.kind = Kind::kData, .from = 0, .to = 0}) ==
        lost + "a message in the name of another node's rank");
  CHECK(message_after({.kind = Kind::kHeartbeat, .from = -1}) ==
        lost + "a message in the name of another node's rank");
  CHECK(message_after({.kind = Kind::kData, .from = 1, .to = 9}) ==
        lost + "a message for a rank that is not here");
  CHECK(message_after({.kind = Kind::kJoin}) ==
        lost + "a message of the rendezvous behind its end");
  const auto garbage = [](const Socket& socket) { send_some(socket, std::vector<std::byte>(99)); };
  CHECK(rank_beside(garbage, {}) == lost + "not a message of hexgen-run");
}

TEST_CASE("ranks that do not notice an abort are reported as stuck, once, after the grace") {
  const NetworkTimes times = {.beat = milliseconds(10), .grace = milliseconds(50)};
  std::atomic<int> calls = 0;
  std::string heard;
  {
    ProcessNetwork network(
        {.nodes = {"a"}, .process_of_rank = {0}, .rank_names = {"rank 0"}, .links = {}},
        times,
        [&](const std::string& reason) {
          heard = reason;
          ++calls;
        });
    network.abort("out of paper");
    std::this_thread::sleep_for(milliseconds(400));
  }
  CHECK(calls == 1);
  CHECK(heard == "out of paper");
}
