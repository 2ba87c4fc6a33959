#include "profiles/names.h"

#include <doctest/doctest.h>

using hexgen::edit_distance;

TEST_CASE("the edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("gpus", "gpus") == 0);
  CHECK(edit_distance("GPUs", "gpus") == 0);
  CHECK(edit_distance("gpu", "gpus") == 1);
  CHECK(edit_distance("gpsu", "gpus") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);  // the textbook example
  CHECK(edit_distance("", "gpus") == 4);
}

TEST_CASE("the nearest name is suggested only when it is near") {
  const std::vector<std::string> names = {"region", "gpus", "gpu_type"};
  CHECK(hexgen::nearest_name("gpu", names) == "gpus");
  CHECK(hexgen::nearest_name("gputype", names) == "gpu_type");
  CHECK_FALSE(hexgen::nearest_name("bandwidth", names));
  CHECK_FALSE(hexgen::nearest_name(std::string(100'000, 'x'), names));
  CHECK(hexgen::advice("bandwidth", names) == "expected one of region, gpus, gpu_type");
}
