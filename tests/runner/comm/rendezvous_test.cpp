#include "runner/comm/rendezvous.h"

#include <doctest/doctest.h>

#include <chrono>
#include <random>

#include "profiles/errors.h"
#include "runner/comm/rendezvous_message.h"
#include "tests/runner/comm/processes.h"

using hexgen::Address;
using hexgen::connect_to;
using hexgen::Deadline;
using hexgen::FrameKind;
using hexgen::InputError;
using hexgen::meet;
using hexgen::Meeting;
using hexgen::pack_texts;
using hexgen::receive_frame;
using hexgen::send_frame;
using hexgen::Socket;
using hexgen::test::free_address;
using hexgen::test::node_names;
using hexgen::test::run_processes;

namespace {

using std::chrono::milliseconds;

Deadline in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

Meeting meeting_of(int process, int count, const Address& address) {
  return {.process = process,
          .nodes = node_names(count),
          .address = address,
          .agreements = {{"plan", "3f2a"}},
          .patience = std::chrono::seconds(20)};
}

/// Whoever comes first waits for the others.
void come_late(std::uint64_t seed) {
  std::this_thread::sleep_for(milliseconds(std::mt19937_64(seed)() % 60));
}

Socket connect_stranger(const Address& address) {
  std::optional<Socket> socket;
  while (!socket) {
    socket = connect_to(address, in(std::chrono::seconds(10)));
  }
  return *std::move(socket);
}

void say(const Socket& socket, FrameKind kind, const std::vector<std::string>& texts) {
  send_frame(socket, kind, pack_texts(texts), in(std::chrono::seconds(10)));
}

}  // namespace

TEST_CASE("every two processes get a connection, in whatever order they come") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const int count = 2 + static_cast<int>(seed % 4);
    const Address address = free_address();
    const auto errors = run_processes(count, [&](int process) {
      come_late(seed * 10 + static_cast<std::uint64_t>(process));
      const std::vector<Socket> links = meet(meeting_of(process, count, address));
      for (int peer = 0; peer < count; ++peer) {
        if (peer != process) {
          say(links.at(static_cast<std::size_t>(peer)),
              FrameKind::kJoin,
              {std::to_string(process)});
        }
      }
      for (int peer = 0; peer < count; ++peer) {
        if (peer != process) {
          const auto frame =
              receive_frame(links.at(static_cast<std::size_t>(peer)), in(std::chrono::seconds(10)));
          CHECK(hexgen::unpack_texts(frame.payload).at(0) == std::to_string(peer));
        }
      }
    });
    CHECK(errors == std::vector<std::string>(static_cast<std::size_t>(count)));
  }
}

TEST_CASE("processes with different plans are all told so, with both plans and both nodes") {
  std::vector<std::string> heard(3);
  const Address address = free_address();
  const auto errors = run_processes(3, [&](int process) {
    Meeting meeting = meeting_of(process, 3, address);
    if (process == 2) {
      std::this_thread::sleep_for(milliseconds(100));  // the other two wait for it
      meeting.agreements = {{"plan", "9c1b"}};
    }
    try {
      meet(meeting);
    } catch (const InputError& error) {  // not a DeviceError: exit code 2
      heard[static_cast<std::size_t>(process)] = error.what();
    }
  });
  const std::string expected =
      "node c (process 2) and node a (process 0) differ in the plan: '9c1b' and '3f2a'";
  CHECK(heard == std::vector<std::string>(3, expected));
  CHECK(errors == std::vector<std::string>(3));
}

TEST_CASE("whoever is missing is named to those who wait") {
  const Address address = free_address();
  const auto errors = run_processes(4, [&](int process) {
    if (process == 1 || process == 3) {
      return;
    }
    Meeting meeting = meeting_of(process, 4, address);
    if (process == 0) {
      meeting.patience = milliseconds(300);
    }
    meet(meeting);
  });
  const std::string expected = "not at the rendezvous at " + address.text() +
                               " within 300 ms: node b (process 1), node d (process 3)";
  CHECK(errors == std::vector<std::string>{expected, "", expected, ""});
}

TEST_CASE("without process 0 the others end in time and name it") {
  const Address address = free_address();
  Meeting meeting = meeting_of(1, 2, address);
  meeting.patience = milliseconds(100);
  CHECK_THROWS_WITH_AS(meet(meeting),
                       ("nobody at the rendezvous at " + address.text() +
                        " within 100 ms: node a (process 0) is missing")
                           .c_str(),
                       hexgen::DeviceError);
}

TEST_CASE("two processes with one number, or one too many, are refused") {
  const Address address = free_address();
  auto errors = run_processes(
      3, [&](int process) { meet(meeting_of(process == 2 ? 1 : process, 3, address)); });
  CHECK(errors[0] == "two processes say that they are node b (process 1)");

  errors = run_processes(
      2, [&](int process) { meet(meeting_of(process, process == 0 ? 2 : 3, address)); });
  const std::string expected =
      "node b (process 1) is one of 3 processes, node a (process 0) one of 2";
  CHECK(errors == std::vector<std::string>{expected, expected});
}

TEST_CASE("strangers who say nothing, something else or hang up do not disturb a meeting") {
  const Address address = free_address();
  const auto errors = run_processes(3, [&](int process) {
    if (process < 2) {
      std::this_thread::sleep_for(milliseconds(process * 200));
      CHECK(meet(meeting_of(process, 2, address)).size() == 2);
      return;
    }
    const Socket silent = connect_stranger(address);
    const Socket half = connect_stranger(address);
    const auto header = hexgen::encode_frame_header({.kind = FrameKind::kJoin, .payload_bytes = 9});
    send_some(half, std::span(header).first(20));
    const std::string request = "GET / HTTP/1.1\r\nHost: il-0\r\nAccept: */*\r\n\r\n";
    send_some(connect_stranger(address), std::as_bytes(std::span(request)));
    say(connect_stranger(address), FrameKind::kJoin, {"1", "one"});
    say(connect_stranger(address), FrameKind::kHeartbeat, {});
    std::this_thread::sleep_for(milliseconds(300));
  });
  CHECK(errors == std::vector<std::string>(3));
}

TEST_CASE("a process that leaves while others are awaited ends the meeting at once") {
  const Address address = free_address();
  const auto errors = run_processes(2, [&](int process) {
    if (process == 0) {
      meet(meeting_of(0, 3, address));
      return;
    }
    const Socket guest = connect_stranger(address);
    say(guest, FrameKind::kJoin, {"2", "3", "4000", "c", "plan", "3f2a"});
    std::this_thread::sleep_for(milliseconds(100));
  });
  CHECK(errors[0] == "node c (process 2) left the rendezvous at " + address.text());
}

TEST_CASE(
    "a process that does not answer its neighbours is named by them, and they tell the host") {
  const Address address = free_address();
  std::string heard;
  const auto errors = run_processes(3, [&](int process) {
    if (process == 0) {
      const std::vector<Socket> links = meet(meeting_of(0, 3, address));
      const auto frame = receive_frame(links[1], in(std::chrono::seconds(10)));
      CHECK(frame.header.kind == FrameKind::kAbort);
      heard.assign(reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size());
    } else if (process == 1) {
      meet(meeting_of(1, 3, address));
    } else {
      const Socket guest = connect_stranger(address);
      say(guest, FrameKind::kJoin, {"2", "3", "4000", "c", "plan", "3f2a"});
      std::this_thread::sleep_for(milliseconds(2500));
    }
  });
  CHECK(errors[1] == "node b: no connection within 2000 ms: node c");
  CHECK(heard == errors[1]);
}
