#include "runner/link_measurement.h"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "kernels/random_fill.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/event_timer.h"
#include "runner/nccl_communicator.h"

namespace hexgen {
namespace {

using kernels::Bfloat16;

constexpr std::array<std::size_t, 9> kMessageBytes = {std::size_t{1} << 12,
                                                      std::size_t{1} << 14,
                                                      std::size_t{1} << 16,
                                                      std::size_t{1} << 18,
                                                      std::size_t{1} << 20,
                                                      std::size_t{1} << 22,
                                                      std::size_t{1} << 24,
                                                      std::size_t{1} << 26,
                                                      std::size_t{1} << 27};
constexpr double kDeadlineS = 30;  // of one sample; the first one may set up connections

/// What one rank's thread works with; made before any thread starts, so that no rank waits for one
/// that could not get its memory.
class Rank {
 public:
  Rank(int gpu, NcclCommunicator&& communicator)
      : gpu_(gpu),
        buffer_(kMessageBytes.back() / sizeof(Bfloat16)),
        communicator_(std::move(communicator)) {
    HEXGEN_CUDA_CHECK(kernels::random_fill(buffer_.data(), buffer_.size(), 1, stream_.get()));
    stream_.synchronize();
  }

  void use_gpu() const { HEXGEN_CUDA_CHECK(cudaSetDevice(gpu_)); }

  void all_reduce(std::size_t bytes) const {
    communicator_.all_reduce_sum(buffer_.data(), bytes / sizeof(Bfloat16), stream_);
  }

  void send(std::size_t bytes, int peer) const {
    communicator_.send(reinterpret_cast<const std::byte*>(buffer_.data()), bytes, peer, stream_);
  }

  void receive(std::size_t bytes, int peer) const {
    communicator_.receive(reinterpret_cast<std::byte*>(buffer_.data()), bytes, peer, stream_);
  }

  /// Seconds from the end of the first call to the end of the last, divided by their number: the
  /// first one makes the ranks meet.
  double time_calls(int calls, const std::function<void()>& call) {
    call();
    timer_.start(stream_);
    for (int i = 0; i < calls; ++i) {
      call();
    }
    timer_.stop(stream_);
    communicator_.wait(stream_, kDeadlineS);
    return timer_.elapsed_s() / calls;
  }

 private:
  int gpu_;
  Stream stream_;
  DeviceBuffer<Bfloat16> buffer_;
  EventTimer timer_;
  NcclCommunicator communicator_;  // goes first: the others' destructors would wait for its kernels
};

std::vector<std::unique_ptr<Rank>> make_ranks(const std::vector<int>& gpus) {
  std::vector<NcclCommunicator> communicators = NcclCommunicator::of_gpus(gpus);
  std::vector<std::unique_ptr<Rank>> ranks;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    HEXGEN_CUDA_CHECK(cudaSetDevice(gpus[i]));
    ranks.push_back(std::make_unique<Rank>(gpus[i], std::move(communicators[i])));
  }
  return ranks;
}

/// Runs `body` on one thread a rank and rethrows the first exception once all have ended. The
/// deadline of Rank::time_calls() ends those that wait for a rank that failed.
void run_ranks(std::vector<std::unique_ptr<Rank>>& ranks,
               const std::function<void(Rank&, int)>& body) {
  std::mutex mutex;
  std::exception_ptr first_failure;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        ranks[i]->use_gpu();
        body(*ranks[i], static_cast<int>(i));
      } catch (...) {
        const std::lock_guard lock(mutex);
        first_failure = first_failure ? first_failure : std::current_exception();
      }
    });
  }
  threads.clear();  // joins
  if (first_failure) {
    std::rethrow_exception(first_failure);
  }
}

/// Repeats one measurement; every rank runs the same number of calls.
Timing sample(Rank& rank, std::size_t bytes, const std::function<void()>& call) {
  constexpr int kWarmUps = 2;
  constexpr int kSamples = 15;
  const int calls = bytes <= (std::size_t{1} << 20) ? 20 : 5;
  std::vector<double> samples_s;
  for (int i = 0; i < kWarmUps + kSamples; ++i) {
    const double call_s = rank.time_calls(calls, call);
    if (i >= kWarmUps) {
      samples_s.push_back(call_s);
    }
  }
  return summarize(std::move(samples_s));
}

}  // namespace

std::vector<AllReduceTiming> measure_all_reduces(const std::vector<int>& gpus) {
  std::vector<AllReduceTiming> timings;
  for (std::size_t tp_degree = 2; tp_degree <= gpus.size(); ++tp_degree) {
    const auto end = gpus.begin() + static_cast<std::ptrdiff_t>(tp_degree);
    std::vector<std::unique_ptr<Rank>> ranks = make_ranks({gpus.begin(), end});
    run_ranks(ranks, [&](Rank& rank, int index) {
      for (const std::size_t bytes : kMessageBytes) {
        const Timing time = sample(rank, bytes, [&] { rank.all_reduce(bytes); });
        if (index == 0) {
          timings.push_back({static_cast<int>(tp_degree), static_cast<double>(bytes), time});
        }
      }
    });
  }
  return timings;
}

std::vector<TransferTiming> measure_transfers(const std::vector<int>& gpus) {
  std::vector<TransferTiming> timings;
  for (std::size_t from = 0; from < gpus.size(); ++from) {
    for (std::size_t to = from + 1; to < gpus.size(); ++to) {
      std::vector<std::unique_ptr<Rank>> ranks = make_ranks({gpus[from], gpus[to]});
      run_ranks(ranks, [&](Rank& rank, int index) {
        for (const std::size_t bytes : kMessageBytes) {
          const Timing time = sample(
              rank, bytes, [&] { index == 0 ? rank.send(bytes, 1) : rank.receive(bytes, 0); });
          if (index == 1) {  // the receiver has it all when its call ends
            timings.push_back({gpus[from], gpus[to], static_cast<double>(bytes), time});
          }
        }
      });
    }
  }
  return timings;
}

}  // namespace hexgen
