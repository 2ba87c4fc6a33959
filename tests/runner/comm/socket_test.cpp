#include "runner/comm/socket.h"

#include <doctest/doctest.h>

#include <array>

using hexgen::Address;
using hexgen::connect_to;
using hexgen::ConnectionLost;
using hexgen::Deadline;
using hexgen::InputError;
using hexgen::listen_on;
using hexgen::local_address;
using hexgen::parse_address;
using hexgen::Socket;

namespace {

Deadline soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

}  // namespace

TEST_CASE("addresses are read and written with names, IPv4 and IPv6") {
  CHECK(parse_address("il-0:29400") == Address{"il-0", 29400});
  CHECK(parse_address("[::1]:65535") == Address{"::1", 65535});
  CHECK(Address{"::1", 7}.text() == "[::1]:7");
  CHECK(Address{"10.0.0.1", 7}.text() == "10.0.0.1:7");
}

TEST_CASE("a text that is no address is refused") {
  for (const char* text : {"",
                           "host",
                           ":1",
                           "host:",
                           "host:0",
                           "host:65536",
                           "host:1x",
                           "::1:7",
                           "[::1]",
                           "[]:1",
                           "host:-1"}) {
    CHECK_THROWS_AS(parse_address(text), InputError);
  }
}

TEST_CASE("a port in use is refused by its address") {
  const Socket first = listen_on({"127.0.0.1", 0});
  const Address address = local_address(first);
  CHECK_THROWS_WITH_AS(listen_on(address),
                       ("cannot listen on " + address.text() + ": Address already in use").c_str(),
                       InputError);
}

TEST_CASE("a host that does not exist is refused, one where nobody listens is not there yet") {
  CHECK_THROWS_AS(connect_to({"no-such-host.invalid", 80}, soon()), InputError);
  Address free;
  { free = local_address(listen_on({"127.0.0.1", 0})); }
  CHECK_FALSE(connect_to(free, soon()));
}

TEST_CASE("what was sent before the end arrives, and then the end shows") {
  const Socket listener = listen_on({"127.0.0.1", 0});
  std::optional<Socket> client = connect_to(local_address(listener), soon());
  REQUIRE(client);
  REQUIRE(wait_readable(listener, soon()));
  std::optional<Socket> server = accept_from(listener);
  REQUIRE(server);

  std::array<std::byte, 8> bytes = {};
  CHECK(receive_some(*server, bytes) == 0);  // nothing there yet
  CHECK(send_some(*client, std::span(bytes).first(2), std::span(bytes).first(3)) == 5);
  client.reset();
  REQUIRE(wait_readable(*server, soon()));
  CHECK(receive_some(*server, bytes) == 5);
  CHECK_THROWS_WITH_AS(receive_some(*server, bytes), "the connection was closed", ConnectionLost);
}
