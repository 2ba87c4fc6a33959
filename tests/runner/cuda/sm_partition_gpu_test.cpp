#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernels/stream_read.h"
#include "profiles/errors.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/sm_partition.h"
#include "runner/cuda_graph.h"
#include "runner/device_buffer.h"
#include "runner/graph_timing.h"
#include "runner/random_pool.h"
#include "tests/runner/cuda/visit_multiprocessors.h"

using hexgen::CudaContext;
using hexgen::CudaGraph;
using hexgen::DeviceBuffer;
using hexgen::DeviceError;
using hexgen::SmPartition;
using hexgen::Stream;

namespace {

constexpr std::chrono::milliseconds kDeadline(20'000);

/// The hardware's own numbers of the multiprocessors that `work` ran on.
template <typename Work>
std::set<int> visited_by(const Stream& stream, const Work& work) {
  const DeviceBuffer<int> marks(std::vector<int>(hexgen::test::kMostMultiprocessors));
  work(marks.data());
  stream.synchronize();
  const std::vector<int> visits = marks.to_host();
  std::set<int> visited;
  for (std::size_t i = 0; i < visits.size(); ++i) {
    if (visits[i] != 0) {
      visited.insert(static_cast<int>(i));
    }
  }
  return visited;
}

std::set<int> visited_by_kernel(const Stream& stream) {
  return visited_by(stream, [&](int* marks) {
    HEXGEN_CUDA_CHECK(hexgen::test::visit_multiprocessors(marks, stream.get()));
  });
}

std::set<int> visited_by_graph(const Stream& stream) {
  return visited_by(stream, [&](int* marks) {
    const CudaGraph graph(stream, [&] {
      HEXGEN_CUDA_CHECK(hexgen::test::visit_multiprocessors(marks, stream.get()));
    });
    graph.launch(stream);
    stream.synchronize();
  });
}

std::set<int> common(const std::set<int>& a, const std::set<int>& b) {
  std::set<int> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

/// Read bandwidth, each partition at the same time as the others.
std::vector<double> read_gb_per_s(const std::vector<int>& sizes) {
  constexpr std::size_t kWords = std::size_t{1} << 28;
  std::vector<std::unique_ptr<SmPartition>> partitions;
  for (const int size : sizes) {
    partitions.push_back(std::make_unique<SmPartition>(0, size));
  }
  std::vector<double> rates(sizes.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    threads.emplace_back([&, i] {
      HEXGEN_CUDA_CHECK(cudaSetDevice(0));
      const Stream stream = partitions[i]->make_stream();
      const hexgen::RandomPool pool(2 * kWords * sizeof(std::uint32_t), stream);
      const DeviceBuffer<std::uint64_t> sum(1);
      const hexgen::Timing time = hexgen::time_in_graph(stream, 16, [&](int call) {
        HEXGEN_CUDA_CHECK(hexgen::kernels::stream_read(
            reinterpret_cast<const std::uint32_t*>(pool.stretch(2 * kWords, call)),
            kWords,
            sum.data(),
            partitions[i]->multiprocessors(),
            stream.get()));
      });
      rates[i] = kWords * sizeof(std::uint32_t) / time.median_s / 1e9;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return rates;
}

}  // namespace

TEST_CASE("kernels of a partition stay on its multiprocessors, and partitions share none") {
  const SmPartition small(0, 8);
  const SmPartition large(0, 24);
  CHECK(small.multiprocessors() >= 8);
  CHECK(large.multiprocessors() >= 24);
  const Stream small_stream = small.make_stream();
  const Stream large_stream = large.make_stream();
  const std::set<int> on_small = visited_by_kernel(small_stream);
  const std::set<int> on_large = visited_by_kernel(large_stream);
  CHECK(on_small.size() == static_cast<std::size_t>(small.multiprocessors()));
  CHECK(on_large.size() == static_cast<std::size_t>(large.multiprocessors()));
  CHECK(common(on_small, on_large).empty());
  CHECK(visited_by_kernel(Stream()).size() ==
        static_cast<std::size_t>(hexgen::num_multiprocessors(0)));
}

TEST_CASE("graphs captured on a stream of a partition stay in it") {
  const SmPartition partition(0, 16);
  const Stream stream = partition.make_stream();
  CHECK(visited_by_graph(stream) == visited_by_kernel(stream));
}

TEST_CASE("a partition that is gone leaves its multiprocessors to the next one") {
  const int third_of_them = hexgen::num_multiprocessors(0) / 3 / 8 * 8;  // whole units are fewer
  for (int round = 0; round < 3; ++round) {
    const SmPartition first(0, third_of_them);
    CHECK_THROWS_AS(SmPartition(0, hexgen::num_multiprocessors(0)), DeviceError);
    const SmPartition second(0, third_of_them);
  }
}

TEST_CASE("a partition of more multiprocessors than are left is refused by their number") {
  const SmPartition taken(0, 16);
  try {
    const SmPartition refused(0, 1000);
    FAIL("was not refused");
  } catch (const DeviceError& error) {
    const std::string text = error.what();
    CAPTURE(text);
    CHECK(text.starts_with("GPU 0: 1000 multiprocessors asked for, "));
    CHECK(text.ends_with(" are left for partitions"));
  }
}

TEST_CASE("a context with a limit counts and uses the multiprocessors that it was granted") {
  const CudaContext whole(0, 0, kDeadline);
  CHECK(whole.multiprocessors() == hexgen::num_multiprocessors(0));
  CHECK(whole.blas().sm_limit() == 0);
  const CudaContext limited(0, 20, kDeadline);
  CHECK(limited.multiprocessors() >= 20);
  CHECK(limited.multiprocessors() < whole.multiprocessors());
  CHECK(limited.blas().sm_limit() == limited.multiprocessors());
  CHECK(visited_by_kernel(limited.stream()).size() ==
        static_cast<std::size_t>(limited.multiprocessors()));
}

TEST_CASE("read bandwidth of partitions, alone and together (asked for with --no-skip)" *
          doctest::skip()) {
  const std::vector<std::vector<int>> divisions = {
      {64}, {48}, {32}, {24}, {16}, {8}, {24, 24}, {16, 16, 16}, {8, 8, 8, 8}, {64, 32}};
  for (const std::vector<int>& sizes : divisions) {
    const std::vector<double> rates = read_gb_per_s(sizes);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      MESSAGE(sizes[i], " of ", sizes.size(), " partitions at a time: ", rates[i], " GB/s");
    }
  }
}
