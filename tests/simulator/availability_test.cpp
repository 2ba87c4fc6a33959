#include "simulator/availability.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using namespace hexgen;

namespace {

/// Node a with devices 0 and 1, node b with device 2.
Cluster three_devices() {
  return {"small",
          {GpuType{.name = "T4"}},
          {LinkType{.name = "pcie"}},
          {{.name = "a", .region = "here", .gpus = 2}, {.name = "b", .region = "here", .gpus = 1}},
          std::vector<Link>(4, Link{.latency_s = 0, .bandwidth_bytes_per_s = 1})};
}

/// Pipeline 0 on devices 0 and 2, pipeline 1 on device 1.
Plan two_pipelines() {
  return {{{.name = "p0",
            .stages = {{.first_layer = 0, .num_layers = 1, .devices = {0}},
                       {.first_layer = 1, .num_layers = 1, .devices = {2}}}},
           {.name = "p1", .stages = {{.first_layer = 0, .num_layers = 2, .devices = {1}}}}},
          2,
          3};
}

DeviceEvent event(SimTime time, bool fails, std::vector<int> devices) {
  return {.time = time, .fails = fails, .devices = std::move(devices), .name = "event"};
}

std::vector<AvailabilityChange> changes(std::vector<DeviceEvent> events, SimTime restart_ns = 0) {
  return availability_changes(two_pipelines(), three_devices(), std::move(events), restart_ns);
}

std::string message(std::vector<DeviceEvent> events) {
  try {
    changes(std::move(events));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

using Changes = std::vector<AvailabilityChange>;

}  // namespace

TEST_CASE("a pipeline is down while any of its devices is") {
  CHECK(changes({}).empty());
  CHECK(changes({event(5, true, {1})}) == Changes{{5, 1, false}});
  // Devices 0 and 2 are down from 5 to 8 and from 6 to 9.
  CHECK(
      changes(
          {event(5, true, {0}), event(6, true, {2}), event(8, false, {0}), event(9, false, {2})}) ==
      Changes{{5, 0, false}, {9, 0, true}});
}

TEST_CASE("a node takes all its pipelines down, in whatever order events are given") {
  CHECK(changes({event(9, false, {0, 1}), event(5, true, {0, 1})}) ==
        Changes{{5, 0, false}, {5, 1, false}, {9, 0, true}, {9, 1, true}});
}

TEST_CASE("a pipeline restarts after its last device is back, unless another fails meanwhile") {
  CHECK(changes({event(5, true, {1}), event(8, false, {1})}, 3) ==
        Changes{{5, 1, false}, {11, 1, true}});
  // Ready at 11; device 2 fails at 10, so it is down until 20 + 3.
  CHECK(
      changes(
          {event(5, true, {0}), event(8, false, {0}), event(10, true, {2}), event(20, false, {2})},
          3) == Changes{{5, 0, false}, {23, 0, true}});
  // A failure at the moment at which it would be ready comes first.
  CHECK(changes({event(5, true, {0}), event(8, false, {0}), event(11, true, {2})}, 3) ==
        Changes{{5, 0, false}});
}

TEST_CASE("devices that change places in being down at one moment keep their pipeline down") {
  CHECK(changes({event(5, true, {0}), event(8, false, {0}), event(8, true, {2})}) ==
        Changes{{5, 0, false}});
}

TEST_CASE("events that change nothing or contradict each other are refused") {
  CHECK(message({event(5, false, {0})}) == "event: is up at that time already");
  CHECK(message({event(5, true, {0}), event(6, true, {0})}) ==
        "event: is down at that time already");
  CHECK(message({event(5, true, {0}), event(5, false, {0})}) ==
        "event: fails and recovers at the same time");
  // A node of which one device is down already still changes something.
  CHECK(message({event(5, true, {0}), event(6, true, {0, 1})}).empty());
}
