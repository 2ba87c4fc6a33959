#include "profiles/measured_profile.h"

#include <doctest/doctest.h>

#include "profiles/any_profile.h"
#include "profiles/errors.h"
#include "tests/support/synthetic_profile.h"
#include "tests/support/temporary_file.h"

using hexgen::InputError;
using hexgen::MeasuredProfile;
using hexgen::read_profile;
using hexgen::summarize;
using hexgen::test::synthetic_profile;

namespace {

/// Errors come without the file's name in front.
MeasuredProfile read_text(const std::string& text) {
  const hexgen::TemporaryFile file(text);
  try {
    return read_profile(file.path());
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()).substr(file.path().size() + 2));
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("percentiles are nearest ranks") {
  // Of ten samples, p10 is the first, p50 the fifth, p90 the ninth.
  const hexgen::Timing ten = summarize({9, 2, 7, 4, 1, 10, 3, 8, 5, 6});
  CHECK(ten.p10_s == 1);
  CHECK(ten.median_s == 5);
  CHECK(ten.p90_s == 9);
  CHECK(summarize({3}) == hexgen::Timing{3, 3, 3});
}

TEST_CASE("a profile is read back as it was written, times rounded to nanoseconds") {
  MeasuredProfile profile = synthetic_profile("NVIDIA \"Q\" GPU", 10e-6);
  const std::string text = profile_text(profile);
  const MeasuredProfile read = read_text(text);
  CHECK(profile_text(read) == text);
  CHECK(read.gpus[0].name == "NVIDIA \"Q\" GPU");
  CHECK(read.gpus.size() == 2);
  CHECK(read.gpus[1].gemms.size() == profile.gpus[1].gemms.size());
  CHECK(read.transfers[2].bytes == 64e6);
  CHECK(read.transfers[2].time.median_s == doctest::Approx(10e-6 + 64e6 / 200e9));
}

TEST_CASE("a profile of one GPU has empty lists of links") {
  MeasuredProfile profile = synthetic_profile("g", 10e-6);
  profile.gpus.resize(1);
  profile.all_reduces.clear();
  profile.transfers.clear();
  const MeasuredProfile read = read_text(profile_text(profile));
  CHECK(read.all_reduces.empty());
  CHECK(read.transfers.empty());
}

TEST_CASE("mistakes in a profile are refused by path and value") {
  const std::string good = profile_text(synthetic_profile("g", 10e-6));
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"bytes\":8000", "\"bytes\":-1")),
                       doctest::Contains("all_reduces[0].bytes: -1"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"p10_us\":4.0", "\"p10_us\":4.5")),
                       doctest::Contains("gpus[0].launch: p10_us, median_us and p90_us"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"gemms\"", "\"gems\"")),
                       doctest::Contains("did you mean 'gemms'"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "hexgen.profile/1", "hexgen.profile/9")),
                       doctest::Contains("hexgen.profile/9"),
                       InputError);
}

TEST_CASE("a profile of either kind is read by what its format says") {
  const hexgen::TemporaryFile machine(profile_text(synthetic_profile("g", 10e-6)));
  CHECK(std::get<MeasuredProfile>(hexgen::read_any_profile(machine.path())).gpus[0].name == "g");
  const auto layers = hexgen::read_any_profile("tests/data/layer_profile/small.json");
  CHECK(std::holds_alternative<hexgen::LayerProfile>(layers));
  const hexgen::TemporaryFile plan(R"({"format": "hexgen.plan/1"})");
  CHECK_THROWS_WITH_AS(hexgen::read_any_profile(plan.path()),
                       doctest::Contains("format: \"hexgen.plan/1\" is no profile, expected"),
                       InputError);
}
