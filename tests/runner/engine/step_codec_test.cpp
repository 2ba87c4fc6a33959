#include "runner/engine/step_codec.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::DeviceError;
using hexgen::StepBatch;
using hexgen::TokenChoice;

namespace {

StepBatch two_slices() {
  StepBatch batch = {.step = 41};
  batch.slices.push_back({.request = 3, .first_position = 17, .tokens = {5}, .blocks = {9, 2}});
  batch.slices.push_back({.request = 4, .tokens = {1, 2, 3}, .blocks = {0}});
  batch.slices.back().sampling = {
      .temperature = 0.5F, .top_k = 40, .top_p = 0.9F, .seed = 77, .logprobs = 2};
  return batch;
}

}  // namespace

TEST_CASE("a batch arrives as it was sent") {
  const StepBatch batch = hexgen::decode_batch(encode(two_slices()));
  CHECK(batch.step == 41);
  REQUIRE(batch.slices.size() == 2);
  CHECK(batch.slices[0].request == 3);
  CHECK(batch.slices[0].first_position == 17);
  CHECK(batch.slices[0].blocks == std::vector<int>{9, 2});
  CHECK_FALSE(batch.slices[0].sampling.has_value());
  CHECK(batch.slices[1].tokens == std::vector<int>{1, 2, 3});
  CHECK(batch.slices[1].sampling->temperature == 0.5F);
  CHECK(batch.slices[1].sampling->top_k == 40);
  CHECK(batch.slices[1].sampling->top_p == 0.9F);
  CHECK(batch.slices[1].sampling->seed == 77);
  CHECK(batch.slices[1].sampling->logprobs == 2);
}

TEST_CASE("choices arrive as they were sent") {
  const std::vector<TokenChoice> sent = {
      {.chosen = {.token = 5, .logprob = -0.25F}, .top = {{5, -0.25F}, {6, -3.0F}}}, {}};
  const std::vector<TokenChoice> received = hexgen::decode_choices(encode(sent));
  REQUIRE(received.size() == 2);
  CHECK(received[0].chosen.token == 5);
  CHECK(received[0].chosen.logprob == -0.25F);
  CHECK(received[0].top.at(1).token == 6);
  CHECK(received[1].chosen.token == -1);
}

TEST_CASE("a message that is cut short anywhere, or too long, is refused") {
  std::vector<std::byte> message = encode(two_slices());
  for (std::size_t bytes = 0; bytes < message.size(); ++bytes) {
    CHECK_THROWS_AS(hexgen::decode_batch(std::span(message).first(bytes)), DeviceError);
  }
  message.push_back({});
  CHECK_THROWS_WITH_AS(
      hexgen::decode_batch(message), "a message between ranks is too long", DeviceError);
}
