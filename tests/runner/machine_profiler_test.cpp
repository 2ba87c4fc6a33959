#include "runner/machine_profiler.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

TEST_CASE("without CUDA, profiling is refused and the catalogue is named") {
  CHECK_THROWS_WITH_AS(hexgen::profile_machine({}, {}),
                       doctest::Contains("built without CUDA"),
                       hexgen::DeviceError);
  CHECK_THROWS_WITH_AS(hexgen::profile_machine({}, {}),
                       doctest::Contains("profiles/gpus.json"),
                       hexgen::DeviceError);
}
