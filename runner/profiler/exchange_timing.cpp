#include "runner/profiler/exchange_timing.h"

#include "kernels/random_fill.h"
#include "runner/cuda_check.h"
#include "runner/event_timer.h"

namespace hexgen {
namespace {

// Of one sample and of meeting the peers; the first one may set up connections.
constexpr std::chrono::seconds kDeadline(60);

}  // namespace

std::vector<std::size_t> message_sizes(std::size_t most_bytes) {
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = 4096; bytes < most_bytes; bytes *= 4) {
    sizes.push_back(bytes);
  }
  sizes.push_back(most_bytes);
  return sizes;
}

ExchangeRank::ExchangeRank(const ProfiledDevice& device, std::size_t most_bytes)
    : context_(device.gpu, device.sm_limit, kDeadline),
      buffer_(most_bytes / sizeof(kernels::Bfloat16)) {
  HEXGEN_CUDA_CHECK(
      kernels::random_fill(buffer_.data(), buffer_.size(), 1, context_.stream().get()));
  context_.wait();
}

// The first call of a sample makes the ranks meet: the time counts from its end to the end of the
// last one.
Timing ExchangeRank::time(std::size_t bytes, const std::function<void()>& exchange) {
  constexpr int kWarmUps = 2;
  constexpr int kSamples = 15;
  const int calls = bytes <= (std::size_t{1} << 20) ? 20 : 5;
  EventTimer timer;
  std::vector<double> samples_s;
  for (int sample = 0; sample < kWarmUps + kSamples; ++sample) {
    exchange();
    timer.start(context_.stream());
    for (int i = 0; i < calls; ++i) {
      exchange();
    }
    timer.stop(context_.stream());
    context_.wait();
    if (sample >= kWarmUps) {
      samples_s.push_back(timer.elapsed_s() / calls);
    }
  }
  return summarize(std::move(samples_s));
}

}  // namespace hexgen
