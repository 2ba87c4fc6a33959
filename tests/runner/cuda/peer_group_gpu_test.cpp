#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "kernels/reference/sum_parts.h"
#include "profiles/errors.h"
#include "runner/cuda/cuda_backend.h"
#include "runner/cuda/peer_group.h"
#include "tests/runner/comm/run_ranks.h"

// Every check runs with ranks that share a GPU and, where there are two GPUs, with ranks on both.

using hexgen::CudaContext;
using hexgen::DeviceBuffer;
using hexgen::DeviceError;
using hexgen::kElementType;
using hexgen::PeerGroup;
using hexgen::Transport;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::Float16;
using hexgen::test::run_ranks;

namespace kernels = hexgen::kernels;

namespace {

constexpr std::chrono::milliseconds kDeadline(20'000);

/// GPUs of the ranks of a group.
std::vector<std::vector<int>> placements() {
  std::vector<std::vector<int>> all = {{0, 0}, {0, 0, 0}};
  if (hexgen::num_cuda_gpus() > 1) {
    all.insert(all.end(), {{0, 1}, {1, 0, 1}, {0, 0, 1, 1}});
  }
  return all;
}

std::string text_of(const std::vector<int>& gpus) {
  std::string text = "ranks on GPUs";
  for (const int gpu : gpus) {
    text += " " + std::to_string(gpu);
  }
  return text;
}

std::vector<int> all_ranks(std::size_t count) {
  std::vector<int> ranks(count);
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

/// What a rank's thread works with.
struct Rank {
  CudaContext context;
  PeerGroup group;

  Rank(Transport& transport, const std::vector<int>& gpus)
      : context(gpus.at(static_cast<std::size_t>(transport.rank())), 0, kDeadline),
        group(context, transport, all_ranks(gpus.size()), gpus, 1) {}

  /// Holds the stream up, so that the peers are ahead of it.
  void lag() {
    HEXGEN_CUDA_CHECK(cudaLaunchHostFunc(
        context.stream().get(),
        [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(3)); },
        nullptr));
  }

  /// What a stage does next: uses its memory again.
  template <typename T>
  void overwrite(const DeviceBuffer<T>& buffer) {
    HEXGEN_CUDA_CHECK(
        cudaMemsetAsync(buffer.data(), 0x7f, buffer.size() * sizeof(T), context.stream().get()));
  }

  template <typename T>
  void copy(const DeviceBuffer<T>& from, const DeviceBuffer<T>& to) {
    HEXGEN_CUDA_CHECK(cudaMemcpyAsync(to.data(),
                                      from.data(),
                                      from.size() * sizeof(T),
                                      cudaMemcpyDeviceToDevice,
                                      context.stream().get()));
  }
};

template <typename T>
std::byte* bytes_of(const DeviceBuffer<T>& buffer) {
  return reinterpret_cast<std::byte*>(buffer.data());
}

/// Not exact in sums of any type, so that the order of addition and the number of roundings show.
template <typename T>
std::vector<T> addend(int rank, std::size_t count, int round) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = static_cast<float>((i + static_cast<std::size_t>(round)) % 97);
    kernels::store(1.0F / (3.0F + static_cast<float>(rank)) * (1.0F + 0.37F * index), values[i]);
  }
  return values;
}

template <typename T>
std::vector<T> expected_sum(std::size_t ranks, std::size_t count, int round) {
  std::vector<std::vector<T>> addends;
  kernels::SumPartsData<T> data;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    addends.push_back(addend<T>(static_cast<int>(rank), count, round));
    data.parts[rank] = addends.back().data();
  }
  std::vector<T> sum(count);
  data.out = sum.data();
  kernels::reference::sum_parts<T>({.num_parts = static_cast<int>(ranks), .count = count}, data);
  return sum;
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Many sums one behind the other, none of which the host waits for; each rank lags now and then.
template <typename T>
void check_sums(const std::vector<int>& gpus, const std::vector<std::size_t>& counts) {
  run_ranks(static_cast<int>(gpus.size()), [&](Transport& transport) {
    Rank rank(transport, gpus);
    std::vector<DeviceBuffer<T>> values;
    std::vector<DeviceBuffer<T>> sums;
    for (std::size_t round = 0; round < counts.size(); ++round) {
      values.emplace_back(addend<T>(transport.rank(), counts[round], static_cast<int>(round)));
      sums.emplace_back(counts[round]);
    }
    for (std::size_t round = 0; round < counts.size(); ++round) {
      if (round % gpus.size() == static_cast<std::size_t>(transport.rank())) {
        rank.lag();
      }
      rank.group.all_reduce_sum(bytes_of(values[round]), counts[round], kElementType<T>);
      rank.copy(values[round], sums[round]);
      rank.overwrite(values[round]);
    }
    rank.context.wait();
    for (std::size_t round = 0; round < counts.size(); ++round) {
      CAPTURE(counts[round]);
      CHECK(same_bytes(sums[round].to_host(),
                       expected_sum<T>(gpus.size(), counts[round], static_cast<int>(round))));
    }
  });
}

}  // namespace

TEST_CASE_TEMPLATE(
    "every rank gets the sum in the order of the ranks, to the bit, in device memory",
    T,
    float,
    Bfloat16,
    Float16) {
  const std::size_t most_one_shot = PeerGroup::kOneShotBytes / sizeof(T);
  for (const std::vector<int>& gpus : placements()) {
    CAPTURE(text_of(gpus));
    check_sums<T>(gpus,
                  {1,
                   7,
                   4096,
                   most_one_shot,
                   3,
                   most_one_shot + 1,
                   96,
                   96,
                   300'007,
                   300'008,
                   4096,
                   4104,
                   4096,
                   1'000'003,
                   8});
  }
}

TEST_CASE("sums of fp16 beyond its range end at its largest value") {
  run_ranks(2, [](Transport& transport) {
    Rank rank(transport, {0, 0});
    const DeviceBuffer<Float16> values(std::vector<Float16>(16, kernels::to_float16(-60'000)));
    rank.group.all_reduce_sum(bytes_of(values), values.size(), kElementType<Float16>);
    rank.context.wait();
    CHECK(to_float(values.to_host()[3]) == -kernels::kLargestFloat16);
  });
}

TEST_CASE("parts, a root's data and messages arrive although their memory is used again at once") {
  for (const std::vector<int>& gpus : placements()) {
    CAPTURE(text_of(gpus));
    const auto ranks = static_cast<int>(gpus.size());
    run_ranks(ranks, [&](Transport& transport) {
      Rank rank(transport, gpus);
      const int own = transport.rank();
      const std::size_t part = 50'001;  // bytes; rank 1 has none
      std::vector<std::size_t> part_bytes(gpus.size(), part);
      part_bytes[1] = 0;
      const std::size_t all = part * (gpus.size() - 1);
      std::vector<std::byte> expected(all);
      std::vector<std::byte> mine(all, std::byte{0xee});
      const auto value = [](std::size_t i) { return static_cast<std::byte>(i * 31 % 251); };
      const std::size_t first = part * static_cast<std::size_t>(own < 2 ? 0 : own - 1);
      for (std::size_t i = 0; i < all; ++i) {
        expected[i] = value(i);
        if (own != 1 && i >= first && i < first + part) {
          mine[i] = value(i);
        }
      }
      for (int laggard = 0; laggard < ranks; ++laggard) {
        const DeviceBuffer<std::byte> gathered(mine);
        const DeviceBuffer<std::byte> result(all);
        const DeviceBuffer<std::byte> broadcast(own == 1 ? expected : mine);
        const DeviceBuffer<std::byte> cast(all);
        const DeviceBuffer<std::byte> message(own == 0 ? expected : mine);
        const DeviceBuffer<std::byte> passed(all);
        if (own == laggard) {
          rank.lag();
        }
        rank.group.all_gather(gathered.data(), part_bytes);
        rank.copy(gathered, result);
        rank.overwrite(gathered);
        rank.group.broadcast({broadcast.data(), all}, 1);
        rank.copy(broadcast, cast);
        rank.overwrite(broadcast);
        if (own == laggard) {
          rank.lag();
        }
        if (own > 0) {  // hand on what rank 0 has
          rank.group.receive({message.data(), all}, own - 1);
        }
        if (own + 1 < ranks) {
          rank.group.send({message.data(), all}, own + 1);
        }
        rank.copy(message, passed);
        rank.overwrite(message);
        rank.context.wait();
        CHECK(same_bytes(result.to_host(), expected));
        CHECK(same_bytes(cast.to_host(), expected));
        CHECK(same_bytes(passed.to_host(), expected));
      }
    });
  }
}

TEST_CASE("a rank whose peer stays away gives up at the deadline") {
  run_ranks(
      2,
      [](Transport& transport) {
        Rank rank(transport, {0, 0});
        const DeviceBuffer<float> values(std::vector<float>(64, 1.0F));
        rank.group.all_reduce_sum(bytes_of(values), 64, kElementType<float>);
        rank.context.wait();
        if (transport.rank() == 0) {
          CHECK_THROWS_AS(rank.group.all_reduce_sum(bytes_of(values), 64, kElementType<float>),
                          DeviceError);
          CHECK_THROWS_AS(rank.group.send({bytes_of(values), 16}, 1), DeviceError);
        }
        CHECK_NOTHROW(rank.context.wait());
      },
      std::chrono::milliseconds(1500));
}

TEST_CASE("an abort ends a rank that waits for another one") {
  run_ranks(2, [](Transport& transport) {
    Rank rank(transport, {0, 0});
    const DeviceBuffer<float> values(std::vector<float>(64, 1.0F));
    constexpr int kOtherChannel = 9;
    if (transport.rank() == 0) {
      transport.receive(1, kOtherChannel);
      transport.abort("rank 0: out of paper");
    } else {
      transport.send(0, kOtherChannel, {});
      CHECK_THROWS_WITH_AS(
          rank.group.broadcast({bytes_of(values), 16}, 0), "rank 0: out of paper", DeviceError);
    }
  });
}

TEST_CASE("a message of another size than the receiver expects is refused") {
  CHECK_THROWS_WITH_AS(run_ranks(
                           2,
                           [](Transport& transport) {
                             Rank rank(transport, {0, 0});
                             const DeviceBuffer<std::byte> data(8);
                             if (transport.rank() == 0) {
                               rank.group.send({data.data(), 3}, 1);
                             } else {
                               rank.group.receive({data.data(), 4}, 0);
                             }
                           },
                           std::chrono::milliseconds(500)),
                       "rank 0: rank 1 exchanges 4 bytes where 3 were expected",
                       DeviceError);
}

TEST_CASE("times of all-reduces, peer beside NCCL and host (asked for with --no-skip)" *
          doctest::skip()) {
  const bool two_gpus = hexgen::num_cuda_gpus() > 1;
  const std::vector<int> gpus = two_gpus ? std::vector<int>{0, 1} : std::vector<int>{0, 0};
  for (std::size_t bytes = 4096; bytes <= (std::size_t{16} << 20); bytes *= 4) {
    const int repeats = bytes > (std::size_t{1} << 20) ? 20 : 200;
    for (const std::string kind : {"peer", "nccl", "host"}) {
      if (!two_gpus && kind == "nccl") {
        continue;
      }
      run_ranks(2, [&](Transport& transport) {
        const int gpu = gpus[static_cast<std::size_t>(transport.rank())];
        const std::unique_ptr<hexgen::Backend> backend =
            hexgen::make_cuda_backend(gpu, {.communicator = hexgen::communicator_kind(kind)});
        const std::unique_ptr<hexgen::Communicator> group =
            backend->make_communicator(transport, {0, 1}, 1);
        const DeviceBuffer<Bfloat16> values(std::vector<Bfloat16>(bytes / sizeof(Bfloat16)));
        const auto reduce = [&](int times) {
          for (int i = 0; i < times; ++i) {
            group->all_reduce_sum(bytes_of(values), values.size(), kElementType<Bfloat16>);
          }
          HEXGEN_CUDA_CHECK(cudaDeviceSynchronize());
        };
        reduce(10);
        const auto begin = std::chrono::steady_clock::now();
        reduce(repeats);
        const std::chrono::duration<double, std::micro> us =
            std::chrono::steady_clock::now() - begin;
        if (transport.rank() == 0) {
          MESSAGE(kind, ", ", bytes, " bytes: ", us.count() / repeats, " us");
        }
      });
    }
  }
}
