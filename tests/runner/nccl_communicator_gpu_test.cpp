#include <doctest/doctest.h>

#include <functional>
#include <numeric>
#include <thread>

#include "profiles/errors.h"
#include "runner/device_buffer.h"
#include "runner/nccl_communicator.h"

using hexgen::DeviceBuffer;
using hexgen::DeviceError;
using hexgen::NcclCommunicator;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::to_bfloat16;
using hexgen::kernels::to_float;

namespace {

constexpr double kDeadlineS = 60;

std::vector<int> all_gpus() {
  int count = 0;
  HEXGEN_CUDA_CHECK(cudaGetDeviceCount(&count));
  std::vector<int> gpus(static_cast<std::size_t>(count));
  std::iota(gpus.begin(), gpus.end(), 0);
  return gpus;
}

/// Runs `body(rank)` on one thread a GPU.
void on_each(const std::vector<int>& gpus, const std::function<void(int)>& body) {
  std::vector<std::jthread> threads;
  for (const int gpu : gpus) {
    threads.emplace_back([gpu, &body] {
      HEXGEN_CUDA_CHECK(cudaSetDevice(gpu));
      body(gpu);
    });
  }
}

}  // namespace

TEST_CASE("an all-reduce adds up what every rank holds, whatever the count") {
  const std::vector<int> gpus = all_gpus();
  const auto n = static_cast<int>(gpus.size());
  const std::vector<NcclCommunicator> communicators = NcclCommunicator::of_gpus(gpus);
  for (const std::size_t count : {1, 7, 4096, 100'003}) {
    on_each(gpus, [&](int rank) {
      // Rank r holds r + 1 + (i mod 4): the sum n (n + 1) / 2 + n (i mod 4) is exact in bf16.
      std::vector<Bfloat16> values(count);
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = to_bfloat16(static_cast<float>(rank + 1 + static_cast<int>(i % 4)));
      }
      const Stream stream;
      const DeviceBuffer<Bfloat16> buffer(values);
      const NcclCommunicator& communicator = communicators[static_cast<std::size_t>(rank)];
      communicator.all_reduce_sum(buffer.data(), count, stream);
      communicator.wait(stream, kDeadlineS);
      const std::vector<Bfloat16> sums = buffer.to_host();
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto expected = static_cast<float>(n * (n + 1) / 2 + n * static_cast<int>(i % 4));
        wrong += to_float(sums[i]) != expected ? 1 : 0;
      }
      CHECK(wrong == 0);
    });
  }
}

TEST_CASE("a send arrives unchanged at the next GPU") {
  const std::vector<int> gpus = all_gpus();
  if (gpus.size() < 2) {
    MESSAGE("skipped: needs two GPUs");
    return;
  }
  const std::vector<NcclCommunicator> communicators = NcclCommunicator::of_gpus({0, 1});
  on_each({0, 1}, [&](int rank) {
    std::vector<std::byte> bytes(100'003, std::byte{0});
    for (std::size_t i = 0; rank == 0 && i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(i * 31 % 251);
    }
    const Stream stream;
    const DeviceBuffer<std::byte> buffer(bytes);
    const NcclCommunicator& communicator = communicators[static_cast<std::size_t>(rank)];
    if (rank == 0) {
      communicator.send(buffer.data(), bytes.size(), 1, stream);
    } else {
      communicator.receive(buffer.data(), bytes.size(), 0, stream);
    }
    communicator.wait(stream, kDeadlineS);
    const std::vector<std::byte> arrived = buffer.to_host();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < arrived.size(); ++i) {
      wrong += arrived[i] != static_cast<std::byte>(i * 31 % 251) ? 1 : 0;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("a rank whose peer never calls gives up at the deadline") {
  const std::vector<int> gpus = all_gpus();
  if (gpus.size() < 2) {
    MESSAGE("skipped: needs two GPUs");
    return;
  }
  std::vector<NcclCommunicator> communicators = NcclCommunicator::of_gpus({0, 1});
  on_each({0, 1}, [&](int rank) {
    const Stream stream;
    const DeviceBuffer<Bfloat16> buffer(std::vector<Bfloat16>(64));
    NcclCommunicator& communicator = communicators[static_cast<std::size_t>(rank)];
    communicator.all_reduce_sum(buffer.data(), 64, stream);  // sets up the connections
    communicator.wait(stream, kDeadlineS);
    if (rank == 0) {
      communicator.all_reduce_sum(buffer.data(), 64, stream);
      CHECK_THROWS_AS(communicator.wait(stream, 0.5), DeviceError);
      communicator.abort();  // ends the kernel that waits, so that the stream can be destroyed
    }
  });
}
