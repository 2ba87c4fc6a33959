#include "runner/engine/token_choice.h"

#include <doctest/doctest.h>

#include <cmath>

#include "runner/engine/rope_frequencies.h"

using hexgen::StepBatch;
using hexgen::TokenChoice;

TEST_CASE("log-probabilities are those of the distribution before temperature") {
  // exp: 1, 2, 1, 4, of 8.
  const std::vector<float> logits = {0.0F, std::log(2.0F), 0.0F, std::log(4.0F)};
  const TokenChoice choice = hexgen::describe_choice(logits, 1, 3);
  CHECK(choice.chosen.token == 1);
  CHECK(choice.chosen.logprob == doctest::Approx(std::log(2.0 / 8)));
  REQUIRE(choice.top.size() == 3);
  CHECK(choice.top[0].token == 3);
  CHECK(choice.top[0].logprob == doctest::Approx(std::log(0.5)));
  CHECK(choice.top[1].token == 1);
  CHECK(choice.top[2].token == 0);  // the first of two equal ones
  CHECK(hexgen::describe_choice(logits, 1, 9).top.size() == 4);
  CHECK(hexgen::describe_choice(logits, 1, 0).top.empty());
}

TEST_CASE("a token is drawn for its position, by the options of its request") {
  StepBatch batch;
  batch.slices.push_back({.first_position = 10, .tokens = {1, 2}});
  batch.slices.push_back({.first_position = 4, .tokens = {1, 2, 3}});
  batch.slices.back().sampling = {.temperature = 0.7F, .seed = 5};
  const auto parameters = hexgen::sampling_parameters(batch);
  REQUIRE(parameters.size() == 1);
  CHECK(parameters[0].position == 7);
  CHECK(parameters[0].seed == 5);
  CHECK(parameters[0].temperature == 0.7F);
}

TEST_CASE("RoPE frequencies fall from 1 by powers of theta and are stretched as asked") {
  // head_dim 4: pairs rotate by theta^0 and theta^(-2/4) a position.
  hexgen::ModelSpec model = {.head_dim = 4, .rope_theta = 100};
  CHECK(hexgen::rope_inverse_frequencies(model) == std::vector<float>{1.0F, 0.1F});
  model.rope_scaling = {.type = "linear", .factor = 4};
  CHECK(hexgen::rope_inverse_frequencies(model) == std::vector<float>{0.25F, 0.025F});
  // Turns within 8 positions: 8 / 2 pi = 1.27, between 1 and 4: blended with (1.27 - 1) / 3; and
  // 0.127, below 1: slowed by 4.
  model.rope_scaling = {.type = "llama3",
                        .factor = 4,
                        .low_freq_factor = 1,
                        .high_freq_factor = 4,
                        .original_context_tokens = 8};
  const double smooth = (8 / (2 * 3.14159265358979) - 1) / 3;
  CHECK(hexgen::rope_inverse_frequencies(model)[0] == doctest::Approx((1 - smooth) / 4 + smooth));
  CHECK(hexgen::rope_inverse_frequencies(model)[1] == doctest::Approx(0.025));
}
