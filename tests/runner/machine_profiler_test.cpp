#include "runner/profiler/machine_profiler.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::DeviceError;
using hexgen::InputError;
using hexgen::parse_profiled_devices;
using hexgen::ProfiledDevice;

TEST_CASE("without CUDA, profiling is refused and the catalogue is named") {
  CHECK_THROWS_WITH_AS(
      hexgen::profile_machine({}, {}), doctest::Contains("built without CUDA"), DeviceError);
  CHECK_THROWS_WITH_AS(
      hexgen::profile_machine({}, {}), doctest::Contains("profiles/gpus.json"), DeviceError);
  CHECK_THROWS_WITH_AS(
      hexgen::profile_between_hosts({}, {}), doctest::Contains("built without CUDA"), DeviceError);
}

TEST_CASE("GPUs to profile are whole ones and parts by their multiprocessors") {
  CHECK(parse_profiled_devices({}).empty());
  CHECK(parse_profiled_devices({"3", "0"}) == std::vector<ProfiledDevice>{{3, 0}, {0, 0}});
  CHECK(parse_profiled_devices({"0:24", "0:24", "1:8"}) ==
        std::vector<ProfiledDevice>{{0, 24}, {0, 24}, {1, 8}});
}

TEST_CASE("GPUs that are named wrongly or twice are refused by what was given") {
  for (const char* text : {"", "a", "-1", "0:", "0:0", "0:x", "0:24:1", ":24", "1.5"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse_profiled_devices({text}),
                         doctest::Contains("is neither a GPU such as 0 nor a part of one"),
                         InputError);
  }
  CHECK_THROWS_WITH_AS(parse_profiled_devices({"0", "0"}),
                       "--gpus: 0 is named twice, only parts such as 0:24 may be",
                       InputError);
  CHECK_THROWS_AS(parse_profiled_devices({"0", "0:24"}), InputError);
}
