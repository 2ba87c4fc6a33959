#include "kernels/reference/sample.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include "kernels/random_value.h"

using hexgen::kernels::random_unit;
using hexgen::kernels::SamplingParameters;

namespace {

int draw(const std::vector<float>& logits, const SamplingParameters& parameters) {
  int token = -1;
  hexgen::kernels::reference::sample(
      {.num_sequences = 1, .vocab_size = static_cast<int>(logits.size())},
      {.logits = logits.data(), .parameters = &parameters, .tokens = &token});
  return token;
}

/// How often each token is drawn over positions 0..draws-1.
std::vector<int> histogram(const std::vector<float>& logits,
                           SamplingParameters parameters,
                           int draws) {
  std::vector<int> counts(logits.size());
  for (int position = 0; position < draws; ++position) {
    parameters.position = position;
    ++counts[static_cast<std::size_t>(draw(logits, parameters))];
  }
  return counts;
}

}  // namespace

TEST_CASE("random units spread from 0 to below 1 and depend on seed and counter") {
  double sum = 0;
  double squares = 0;
  std::set<double> distinct;
  for (std::uint64_t counter = 0; counter < 10'000; ++counter) {
    const double unit = random_unit(1, counter);
    CHECK(unit >= 0);
    CHECK(unit < 1);
    distinct.insert(unit);
    distinct.insert(random_unit(2, counter));
    sum += unit;
    squares += unit * unit;
  }
  CHECK(distinct.size() == 20'000);
  // Mean 1/2 and mean square 1/3; standard errors 0.0029 and 0.0030.
  CHECK(std::abs(sum / 10'000 - 0.5) < 0.012);
  CHECK(std::abs(squares / 10'000 - 1.0 / 3) < 0.012);
}

TEST_CASE("temperature 0 takes the largest logit, the first among equals") {
  CHECK(draw({1, 3, 2, 3}, {}) == 1);
  CHECK(draw({-5}, {}) == 0);
}

TEST_CASE("tokens come as often as the softmax says") {
  // Weights 1 : 2 : 5 at temperature 2.
  const std::vector<float> logits = {0, 2 * std::log(2.0F), 2 * std::log(5.0F)};
  const std::vector<int> counts = histogram(logits, {.temperature = 2, .seed = 4}, 8000);
  // Expectation: 1000, 2000, 5000; standard deviations 30, 39, 43.
  CHECK(std::abs(counts[0] - 1000) < 120);
  CHECK(std::abs(counts[1] - 2000) < 156);
  CHECK(std::abs(counts[2] - 5000) < 172);
}

TEST_CASE("top-k keeps the k most likely tokens, smaller indices among equals") {
  const std::vector<float> logits = {0, 1, 0.5F, 0.5F, 0.5F};
  const std::vector<int> counts = histogram(logits, {.temperature = 1, .top_k = 3}, 2000);
  CHECK(counts[0] == 0);
  CHECK(counts[4] == 0);
  // Expectation: e^1 : e^0.5 : e^0.5 = 0.4519 : 0.2741 : 0.2741; standard deviation 22 at most.
  CHECK(std::abs(counts[1] - 904) < 90);
  CHECK(std::abs(counts[2] - 548) < 90);
  CHECK(std::abs(counts[3] - 548) < 90);
}

TEST_CASE("top-p keeps the fewest tokens that reach it, and always one") {
  // Probabilities 0.5, 0.3, 0.2 in shuffled order.
  const std::vector<float> logits = {std::log(3.0F), std::log(2.0F), std::log(5.0F)};
  CHECK(histogram(logits, {.temperature = 1, .top_p = 0.0F}, 100)[2] == 100);
  CHECK(histogram(logits, {.temperature = 1, .top_p = 0.49F}, 100)[2] == 100);
  const std::vector<int> two = histogram(logits, {.temperature = 1, .top_p = 0.7F}, 1000);
  CHECK(two[1] == 0);
  CHECK(std::abs(two[0] - 375) < 62);  // 3 of 8; standard deviation 15
  CHECK(histogram(logits, {.temperature = 1, .top_p = 0.9F}, 1000)[1] > 0);
}

TEST_CASE("top-p counts within what top-k kept") {
  // Of 4 : 3 : 2 : 1, top-k 2 keeps 4 : 3; then 4/7 = 0.571 reaches 0.55, where 4/10 would not.
  const std::vector<float> logits = {
      std::log(4.0F), std::log(3.0F), std::log(2.0F), std::log(1.0F)};
  const SamplingParameters parameters = {.temperature = 1, .top_k = 2, .top_p = 0.55F};
  CHECK(histogram(logits, parameters, 200)[0] == 200);
}

TEST_CASE("log-probabilities are those before temperature and cuts") {
  // Probabilities 0.5, 0.3, 0.2; top-k 1 always draws the first of them.
  const std::vector<float> logits = {std::log(3.0F), std::log(2.0F), std::log(5.0F)};
  const SamplingParameters parameters = {.temperature = 5, .top_k = 1};
  int token = -1;
  float logprob = 0;
  hexgen::kernels::reference::sample(
      {.num_sequences = 1, .vocab_size = 3},
      {.logits = logits.data(), .parameters = &parameters, .tokens = &token, .logprobs = &logprob});
  CHECK(token == 2);
  CHECK(logprob == doctest::Approx(std::log(0.5)).epsilon(1e-6));
}

TEST_CASE("a draw depends on seed and position, not on the rest of the batch") {
  const std::vector<float> logits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0};
  const std::vector<SamplingParameters> parameters = {
      {.temperature = 1, .seed = 9, .position = 2},
      {.temperature = 1.5F, .seed = 7, .position = 30}};
  std::vector<int> tokens(2);
  hexgen::kernels::reference::sample(
      {.num_sequences = 2, .vocab_size = 8},
      {.logits = logits.data(), .parameters = parameters.data(), .tokens = tokens.data()});
  CHECK(tokens[1] == draw({1, 2, 3, 4, 0, 0, 0, 0}, parameters[1]));
  // Eight equal weights: the token is the eighth of [0, 1) that the random number falls into.
  CHECK(tokens[0] == static_cast<int>(8 * random_unit(9, 2)));
}
