#include <doctest/doctest.h>

#include <numeric>

#include "profiles/errors.h"
#include "runner/cuda/cuda_backend.h"
#include "runner/cuda/cuda_group.h"
#include "runner/device_buffer.h"
#include "tests/runner/comm/run_ranks.h"

using hexgen::Communicator;
using hexgen::CommunicatorKind;
using hexgen::CudaContext;
using hexgen::DeviceBuffer;
using hexgen::DeviceError;
using hexgen::ElementType;
using hexgen::Transport;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::to_bfloat16;
using hexgen::kernels::to_float;
using hexgen::test::run_ranks;

namespace {

/// A rank on the GPU of its number, in a group of all by NCCL.
struct Rank {
  CudaContext context;
  std::unique_ptr<Communicator> group;

  explicit Rank(Transport& transport, std::chrono::milliseconds deadline = std::chrono::seconds(60))
      : context(transport.rank(), 0, deadline),
        group(make_cuda_group(context, transport, all(transport), 1, CommunicatorKind::kNccl)) {}

  static std::vector<int> all(const Transport& transport) {
    std::vector<int> ranks(static_cast<std::size_t>(transport.size()));
    std::iota(ranks.begin(), ranks.end(), 0);
    return ranks;
  }

  void all_reduce(const DeviceBuffer<Bfloat16>& values) {
    group->all_reduce_sum(
        reinterpret_cast<std::byte*>(values.data()), values.size(), ElementType::kBfloat16);
  }
};

bool two_gpus() {
  const bool enough = hexgen::num_cuda_gpus() > 1;
  if (!enough) {
    MESSAGE("skipped: needs two GPUs");
  }
  return enough;
}

}  // namespace

TEST_CASE("an all-reduce adds up what every rank holds, whatever the count") {
  const int n = hexgen::num_cuda_gpus();
  run_ranks(n, [n](Transport& transport) {
    if (n == 1) {
      return;  // a group of one has nothing to add up
    }
    Rank rank(transport);
    for (const std::size_t count : {1, 7, 4096, 100'003}) {
      // Rank r holds r + 1 + (i mod 4): the sum n (n + 1) / 2 + n (i mod 4) is exact in bf16.
      std::vector<Bfloat16> values(count);
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = to_bfloat16(static_cast<float>(transport.rank() + 1 + static_cast<int>(i % 4)));
      }
      const DeviceBuffer<Bfloat16> buffer(values);
      rank.all_reduce(buffer);
      rank.context.wait();
      const std::vector<Bfloat16> sums = buffer.to_host();
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto expected = static_cast<float>(n * (n + 1) / 2 + n * static_cast<int>(i % 4));
        wrong += to_float(sums[i]) != expected ? 1 : 0;
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("a send arrives unchanged at the next GPU") {
  if (!two_gpus()) {
    return;
  }
  run_ranks(2, [](Transport& transport) {
    Rank rank(transport);
    std::vector<std::byte> bytes(100'003, std::byte{0});
    for (std::size_t i = 0; transport.rank() == 0 && i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(i * 31 % 251);
    }
    const DeviceBuffer<std::byte> buffer(bytes);
    if (transport.rank() == 0) {
      rank.group->send({buffer.data(), bytes.size()}, 1);
    } else {
      rank.group->receive({buffer.data(), bytes.size()}, 0);
    }
    rank.context.wait();
    const std::vector<std::byte> arrived = buffer.to_host();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < arrived.size(); ++i) {
      wrong += arrived[i] != static_cast<std::byte>(i * 31 % 251) ? 1 : 0;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("a rank whose peer never calls gives up at the deadline") {
  if (!two_gpus()) {
    return;
  }
  run_ranks(2, [](Transport& transport) {
    Rank rank(transport, std::chrono::seconds(5));
    const DeviceBuffer<Bfloat16> buffer(std::vector<Bfloat16>(64));
    rank.all_reduce(buffer);  // sets up the connections
    rank.context.wait();
    if (transport.rank() == 0) {
      rank.all_reduce(buffer);
      CHECK_THROWS_AS(rank.context.wait(), DeviceError);
      rank.context.drain();  // ends the kernel that waits
    }
  });
}
