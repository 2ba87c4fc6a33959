#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/reference/sample.h"
#include "kernels/sample.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::SamplingParameters;

namespace kernels = hexgen::kernels;

namespace {

/// Draws on both sides, one sequence a parameter set, logits of steps of 1/4 so that many are
/// equal.
void check_draws(int vocab_size, const std::vector<SamplingParameters>& parameters) {
  CAPTURE(vocab_size);
  std::mt19937 random(4);
  const kernels::SampleShape shape = {.num_sequences = static_cast<int>(parameters.size()),
                                      .vocab_size = vocab_size};
  std::vector<float> logits;
  for (std::size_t i = 0; i < parameters.size() * static_cast<std::size_t>(vocab_size); ++i) {
    logits.push_back(static_cast<float>(random() % 64) / 4.0F - 10.0F);
  }
  std::vector<int> expected(parameters.size());
  std::vector<float> logprobs(parameters.size());
  kernels::reference::sample(shape,
                             {.logits = logits.data(),
                              .parameters = parameters.data(),
                              .tokens = expected.data(),
                              .logprobs = logprobs.data()});
  const DeviceBuffer<float> device_logits(logits);
  const DeviceBuffer<SamplingParameters> device_parameters(parameters);
  const DeviceBuffer<int> tokens(std::vector<int>(parameters.size(), -1));
  const DeviceBuffer<float> device_logprobs(std::vector<float>(parameters.size(), 1));
  const Stream stream;
  HEXGEN_CUDA_CHECK(kernels::sample(shape,
                                    {.logits = device_logits.data(),
                                     .parameters = device_parameters.data(),
                                     .tokens = tokens.data(),
                                     .logprobs = device_logprobs.data()},
                                    stream.get()));
  stream.synchronize();
  CHECK(tokens.to_host() == expected);
  const std::vector<float> drawn = device_logprobs.to_host();
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    CHECK(std::abs(drawn[i] - logprobs[i]) < 1e-4);  // fp32 sums of up to 32000 terms
  }
}

/// Sixteen positions of one way to draw.
std::vector<SamplingParameters> positions(SamplingParameters parameters) {
  std::vector<SamplingParameters> made;
  for (int position = 0; position < 16; ++position) {
    parameters.position = position;
    made.push_back(parameters);
  }
  return made;
}

}  // namespace

TEST_CASE("the GPU draws the tokens that its CPU twin draws") {
  for (const int vocab_size : {1, 5, 1000, 1024, 1025, 4099, 32000}) {
    check_draws(vocab_size, positions({}));
    check_draws(vocab_size, positions({.temperature = 0.7F, .seed = 1}));
    check_draws(vocab_size, positions({.temperature = 1.5F, .top_k = 40, .seed = 2}));
    check_draws(vocab_size, positions({.temperature = 1, .top_p = 0.9F, .seed = 3}));
    check_draws(vocab_size, positions({.temperature = 1, .top_p = 0.0F, .seed = 3}));
    check_draws(vocab_size, positions({.temperature = 3, .top_k = 77, .top_p = 0.5F, .seed = 4}));
  }
}

TEST_CASE("one batch may mix ways to draw") {
  check_draws(5000,
              {{},
               {.temperature = 1, .top_k = 3, .seed = 8, .position = 4},
               {.temperature = 2, .seed = 9, .position = 900},
               {.temperature = 0.1F, .top_p = 0.3F, .seed = 9, .position = 900}});
}
