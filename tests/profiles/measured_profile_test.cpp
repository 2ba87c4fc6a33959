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

TEST_CASE("everything that was measured is read back, also from files that know less") {
  MeasuredProfile profile = hexgen::test::complete_profile("NVIDIA H200");
  profile.gpus[0].sm_limit = 24;
  profile.all_reduces[0].carrier = {.communicator = "peer", .chosen = false};
  profile.transfers[1].carrier = {.communicator = "host", .chosen = true};
  hexgen::test::add_hosts(profile, "strong", "weak");
  const std::string text = profile_text(profile);
  const MeasuredProfile read = read_text(text);
  CHECK(profile_text(read) == text);
  CHECK(read.gpus[0].sm_limit == 24);
  CHECK(read.gpus[1].sm_limit == 0);
  CHECK(read.gpus[0].prefill_attention[2].new_tokens == 4096);
  CHECK(read.gpus[0].prefill_attention[2].past_tokens == 0);
  CHECK(read.gpus[0].elementwise[1].ffn_dim == 8192);
  CHECK(read.gpus[0].steps[1].layers == 5);
  CHECK(read.all_reduces[0].carrier == profile.all_reduces[0].carrier);
  CHECK(read.transfers[1].carrier == profile.transfers[1].carrier);
  CHECK(read.between_hosts[2].to_host == "weak");
  CHECK(read.all_reduces_between_hosts[1].time.median_s == doctest::Approx(90e-6 + 500e-6));
  CHECK(read.messages[0].bytes == 64);

  std::string unnamed = text;
  const std::string named = R"("communicator":"peer","chosen":false,)";
  REQUIRE(unnamed.find(named) != std::string::npos);
  unnamed.erase(unnamed.find(named), named.size());
  CHECK(read_text(unnamed).all_reduces[0].carrier == hexgen::Carrier{"nccl", true});
  const MeasuredProfile older = read_profile("profiles/measured/H100-SXM5-80GB/1-gpu.json");
  CHECK(older.gpus[0].sm_limit == 0);
  CHECK(older.gpus[0].steps.empty());
}

TEST_CASE("a profile between hosts needs no GPU, any other does") {
  MeasuredProfile profile = synthetic_profile("g", 10e-6);
  profile.gpus.clear();
  profile.all_reduces.clear();
  profile.transfers.clear();
  CHECK_THROWS_WITH_AS(
      read_text(profile_text(profile)), doctest::Contains("gpus: empty, expected"), InputError);
  hexgen::test::add_hosts(profile, "strong", "weak");
  CHECK(read_text(profile_text(profile)).between_hosts.size() == 3);
}

TEST_CASE("FLOPs of a prompt and bytes of a layer's small kernels are those of their shapes") {
  // 4 new tokens see 2 cached ones and 1, 2, 3, 4 of their own: 18 pairs of 4 FLOPs an element.
  const hexgen::PrefillAttentionTiming prompt = {
      .new_tokens = 4, .past_tokens = 2, .num_heads = 3, .num_kv_heads = 1, .head_dim = 10};
  CHECK(prompt.flops() == 18 * 4 * 30);
  // Two norms read and write 2 x 10 each, RoPE 12 in place, the activation reads 40 and writes 20.
  const hexgen::ElementwiseTiming layer = {
      .rows = 2, .hidden_dim = 10, .ffn_dim = 20, .num_heads = 2, .num_kv_heads = 1, .head_dim = 4};
  CHECK(layer.bytes() == 2 * 2 * (2 * 40 + 24 + 60));
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
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"nccl\",\"chosen\"", "\"ucx\",\"chosen\"")),
                       doctest::Contains("all_reduces[0].communicator: \"ucx\""),
                       InputError);
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"chosen\":true", "\"chosen\":1")),
                       doctest::Contains("all_reduces[0].chosen: 1"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_text(replaced(good, "\"compute_cap", "\"sm_limit\": 0, \"compute_cap")),
                       doctest::Contains("gpus[0].sm_limit: 0"),
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
