#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/attention_prefill.h"
#include "kernels/reference/attention_prefill.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"
#include "tests/kernels/gpu_support.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::kKvBlockTokens;
using hexgen::kernels::PrefillAttentionData;
using hexgen::kernels::PrefillAttentionShape;
using hexgen::test::kNan;
using hexgen::test::kTolerance;
using hexgen::test::random_values;
using hexgen::test::relative_error;

namespace kernels = hexgen::kernels;

namespace {

/// New tokens of a sequence and all its tokens with them.
struct Chunk {
  int queries;
  int context;
};

/// A paged cache whose blocks lie in random order and hold NaN behind each context.
template <typename T>
struct Problem {
  PrefillAttentionShape shape;
  std::vector<int> block_table;
  std::vector<int> query_starts = {0};
  std::vector<int> context_tokens;
  std::vector<T> q;
  std::vector<T> k;
  std::vector<T> v;
};

template <typename T>
void poison_behind_contexts(Problem<T>& problem) {
  const PrefillAttentionShape& shape = problem.shape;
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    for (int token = problem.context_tokens[static_cast<std::size_t>(sequence)];
         token < shape.max_blocks * kKvBlockTokens;
         ++token) {
      const int block = problem.block_table[static_cast<std::size_t>(sequence * shape.max_blocks +
                                                                     token / kKvBlockTokens)];
      for (int head = 0; head < shape.num_kv_heads; ++head) {
        const int row =
            (block * shape.num_kv_heads + head) * kKvBlockTokens + token % kKvBlockTokens;
        std::fill_n(problem.k.begin() + row * shape.head_dim, shape.head_dim, kNan<T>);
        std::fill_n(problem.v.begin() + row * shape.head_dim, shape.head_dim, kNan<T>);
      }
    }
  }
}

template <typename T>
Problem<T> make_problem(PrefillAttentionShape shape, const std::vector<Chunk>& chunks) {
  Problem<T> problem;
  int longest = 0;
  for (const Chunk& chunk : chunks) {
    problem.query_starts.push_back(problem.query_starts.back() + chunk.queries);
    problem.context_tokens.push_back(chunk.context);
    longest = std::max(longest, chunk.context);
    shape.max_queries = std::max(shape.max_queries, chunk.queries);
  }
  shape.num_sequences = static_cast<int>(chunks.size());
  shape.max_blocks = (longest + kKvBlockTokens - 1) / kKvBlockTokens;
  problem.shape = shape;
  std::mt19937 random(3);
  const auto blocks = static_cast<std::size_t>(shape.num_sequences * shape.max_blocks);
  problem.block_table.resize(blocks);
  std::iota(problem.block_table.begin(), problem.block_table.end(), 0);
  std::shuffle(problem.block_table.begin(), problem.block_table.end(), random);
  const auto head_dim = static_cast<std::size_t>(shape.head_dim);
  const auto queries = static_cast<std::size_t>(problem.query_starts.back() * shape.num_heads);
  const std::size_t rows = blocks * static_cast<std::size_t>(shape.num_kv_heads * kKvBlockTokens);
  problem.q = random_values<T>(queries * head_dim, 3.0F, random);  // a softmax with peaks
  problem.k = random_values<T>(rows * head_dim, 1.0F, random);
  problem.v = random_values<T>(rows * head_dim, 1.0F, random);
  poison_behind_contexts(problem);
  return problem;
}

template <typename T>
std::vector<T> on_cpu(const Problem<T>& problem) {
  std::vector<T> out(problem.q.size());
  kernels::reference::attention_prefill(
      problem.shape,
      PrefillAttentionData<T>{.q = problem.q.data(),
                              .cache = {problem.k.data(), problem.v.data()},
                              .block_table = problem.block_table.data(),
                              .query_starts = problem.query_starts.data(),
                              .context_tokens = problem.context_tokens.data(),
                              .out = out.data()});
  return out;
}

template <typename T>
std::vector<T> on_gpu(const Problem<T>& problem) {
  const Stream stream;
  const DeviceBuffer<T> q(problem.q);
  const DeviceBuffer<T> k(problem.k);
  const DeviceBuffer<T> v(problem.v);
  const DeviceBuffer<int> block_table(problem.block_table);
  const DeviceBuffer<int> query_starts(problem.query_starts);
  const DeviceBuffer<int> context_tokens(problem.context_tokens);
  const DeviceBuffer<T> out(std::vector<T>(problem.q.size(), kNan<T>));
  HEXGEN_CUDA_CHECK(kernels::attention_prefill<T>(problem.shape,
                                                  {.q = q.data(),
                                                   .cache = {k.data(), v.data()},
                                                   .block_table = block_table.data(),
                                                   .query_starts = query_starts.data(),
                                                   .context_tokens = context_tokens.data(),
                                                   .out = out.data()},
                                                  stream.get()));
  stream.synchronize();
  return out.to_host();
}

}  // namespace

TEST_CASE_TEMPLATE(
    "prefill attention agrees with its CPU twin for every head dimension and sharing",
    T,
    HEXGEN_KERNEL_TYPES) {
  for (const int head_dim : {4, 8, 12, 16, 24, 28, 32, 40, 64, 80, 96, 120, 128}) {
    for (const int group : {1, 3, 8}) {
      CAPTURE(head_dim);
      CAPTURE(group);
      const Problem<T> problem =
          make_problem<T>({.num_heads = 2 * group, .num_kv_heads = 2, .head_dim = head_dim},
                          {{1, 1}, {70, 70}, {33, 100}});
      CHECK(relative_error(on_gpu(problem), on_cpu(problem)) < kTolerance<T>);
    }
  }
}

TEST_CASE_TEMPLATE(
    "prefill attention agrees with its CPU twin at the edges of tiles and of the past",
    T,
    HEXGEN_KERNEL_TYPES) {
  for (const int head_dim : {64, 128}) {
    CAPTURE(head_dim);
    const Problem<T> problem =
        make_problem<T>({.num_heads = 2, .num_kv_heads = 1, .head_dim = head_dim},
                        {{1, 200},
                         {15, 15},
                         {16, 16},
                         {17, 17},
                         {63, 63},
                         {64, 64},
                         {65, 65},
                         {64, 128},
                         {65, 130},
                         {63, 127},
                         {128, 129},
                         {129, 129},
                         {200, 300},
                         {2, 65},
                         {1, 64},
                         {1, 65}});
    CHECK(relative_error(on_gpu(problem), on_cpu(problem)) < kTolerance<T>);
  }
}

TEST_CASE("a head dimension without a prefill kernel is refused") {
  PrefillAttentionShape shape = {.num_sequences = 1,
                                 .num_heads = 1,
                                 .num_kv_heads = 1,
                                 .head_dim = 36,
                                 .max_blocks = 1,
                                 .max_queries = 1};
  CHECK(kernels::attention_prefill<Bfloat16>(shape, {}, nullptr) == cudaErrorInvalidValue);
  shape.head_dim = 136;
  CHECK(kernels::attention_prefill<Bfloat16>(shape, {}, nullptr) == cudaErrorInvalidValue);
}
