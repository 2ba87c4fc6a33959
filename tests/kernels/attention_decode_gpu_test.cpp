#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "kernels/attention_decode.h"
#include "kernels/reference/attention_decode.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"
#include "tests/kernels/gpu_support.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::DecodeAttentionShape;
using hexgen::kernels::kKvBlockTokens;
using hexgen::kernels::to_float;
using hexgen::test::kNan;
using hexgen::test::kTolerance;
using hexgen::test::random_values;
using hexgen::test::relative_error;

namespace kernels = hexgen::kernels;

namespace {

/// A paged cache whose blocks lie in random order and hold NaN behind each context.
template <typename T>
struct Problem {
  DecodeAttentionShape shape;
  std::vector<int> context_tokens;
  std::vector<int> block_table;
  std::vector<T> q;
  std::vector<T> k;
  std::vector<T> v;
};

template <typename T>
void poison_behind_contexts(Problem<T>& problem) {
  const DecodeAttentionShape& shape = problem.shape;
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    const int end = shape.max_blocks * kKvBlockTokens;
    for (int token = problem.context_tokens[static_cast<std::size_t>(sequence)]; token < end;
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
Problem<T> make_problem(DecodeAttentionShape shape, std::vector<int> context_tokens) {
  shape.num_sequences = static_cast<int>(context_tokens.size());
  const int longest = *std::max_element(context_tokens.begin(), context_tokens.end());
  shape.max_blocks = std::max(1, (longest + kKvBlockTokens - 1) / kKvBlockTokens);
  Problem<T> problem = {.shape = shape, .context_tokens = std::move(context_tokens)};
  std::mt19937 random(3);
  const int blocks = shape.num_sequences * shape.max_blocks;
  for (int block = 0; block < blocks; ++block) {
    problem.block_table.push_back(block);
  }
  std::shuffle(problem.block_table.begin(), problem.block_table.end(), random);
  const auto q_size = static_cast<std::size_t>(shape.num_sequences * shape.num_heads) *
                      static_cast<std::size_t>(shape.head_dim);
  const auto kv_size = static_cast<std::size_t>(blocks * shape.num_kv_heads) *
                       static_cast<std::size_t>(kKvBlockTokens * shape.head_dim);
  problem.q = random_values<T>(q_size, 3.0F, random);  // scores of about +-20: a softmax with peaks
  problem.k = random_values<T>(kv_size, 1.0F, random);
  problem.v = random_values<T>(kv_size, 1.0F, random);
  poison_behind_contexts(problem);
  return problem;
}

template <typename T>
std::vector<T> on_cpu(const Problem<T>& problem) {
  std::vector<T> out(problem.q.size());
  kernels::reference::attention_decode(
      problem.shape,
      kernels::DecodeAttentionData<T>{.q = problem.q.data(),
                                      .cache = {problem.k.data(), problem.v.data()},
                                      .block_table = problem.block_table.data(),
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
  const DeviceBuffer<int> context_tokens(problem.context_tokens);
  const DeviceBuffer<T> out(std::vector<T>(problem.q.size(), kNan<T>));
  const DeviceBuffer<std::byte> scratch(kernels::attention_decode_scratch_bytes(problem.shape));
  HEXGEN_CUDA_CHECK(kernels::attention_decode<T>(problem.shape,
                                                 {.q = q.data(),
                                                  .cache = {k.data(), v.data()},
                                                  .block_table = block_table.data(),
                                                  .context_tokens = context_tokens.data(),
                                                  .out = out.data()},
                                                 scratch.data(),
                                                 stream.get()));
  stream.synchronize();
  return out.to_host();
}

}  // namespace

TEST_CASE_TEMPLATE("decode attention agrees with its CPU twin for every kind of head sharing",
                   T,
                   HEXGEN_KERNEL_TYPES) {
  for (const int head_dim : {64, 128}) {
    for (const int group : {1, 2, 3, 7, 8, 9, 16, 20}) {
      CAPTURE(head_dim);
      CAPTURE(group);
      const Problem<T> problem = make_problem<T>(
          {.num_heads = 3 * group, .num_kv_heads = 3, .head_dim = head_dim, .num_splits = 2},
          {1, 77, 300});
      CHECK(relative_error(on_gpu(problem), on_cpu(problem)) < kTolerance<T>);
    }
  }
}

TEST_CASE_TEMPLATE(
    "decode attention agrees with its CPU twin at the edges of blocks, tiles and splits",
    T,
    HEXGEN_KERNEL_TYPES) {
  const std::vector<int> contexts = {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1000};
  for (const int num_splits : {1, 2, 5, 40, 128}) {
    CAPTURE(num_splits);
    const Problem<T> problem = make_problem<T>(
        {.num_heads = 8, .num_kv_heads = 2, .head_dim = 128, .num_splits = num_splits}, contexts);
    CHECK(relative_error(on_gpu(problem), on_cpu(problem)) < kTolerance<T>);
  }
}

TEST_CASE_TEMPLATE("decode attention of an empty context is zero on the GPU",
                   T,
                   HEXGEN_KERNEL_TYPES) {
  const Problem<T> problem = make_problem<T>(
      {.num_heads = 2, .num_kv_heads = 1, .head_dim = 64, .num_splits = 3}, {0, 20});
  const std::vector<T> out = on_gpu(problem);
  for (int i = 0; i < 2 * 64; ++i) {
    CHECK(to_float(out[static_cast<std::size_t>(i)]) == 0.0F);
  }
  CHECK(relative_error(out, on_cpu(problem)) < kTolerance<T>);
}

TEST_CASE("the number of splits fills the GPU and leaves each split 128 tokens") {
  // One sequence, 8 KV heads: 8 blocks; 4 * 132 wanted make 66 splits, 8192 tokens allow 64.
  DecodeAttentionShape shape = {.num_sequences = 1,
                                .num_heads = 64,
                                .num_kv_heads = 8,
                                .head_dim = 128,
                                .max_blocks = 8192 / kKvBlockTokens};
  CHECK(kernels::choose_num_splits(shape, 132) == 64);
  shape.max_blocks = 512 / kKvBlockTokens;
  CHECK(kernels::choose_num_splits(shape, 132) == 4);
  shape.max_blocks = 1;
  CHECK(kernels::choose_num_splits(shape, 132) == 1);
  shape.max_blocks = 8192 / kKvBlockTokens;
  shape.num_sequences = 128;  // 1024 blocks are enough
  CHECK(kernels::choose_num_splits(shape, 132) == 1);
}

TEST_CASE("a head dimension without a kernel and a wrong number of splits are refused") {
  DecodeAttentionShape shape = {
      .num_sequences = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 96, .max_blocks = 1};
  CHECK(kernels::attention_decode<Bfloat16>(shape, {}, nullptr, nullptr) == cudaErrorInvalidValue);
  shape.head_dim = 128;
  shape.num_splits = 129;
  CHECK(kernels::attention_decode<Bfloat16>(shape, {}, nullptr, nullptr) == cudaErrorInvalidValue);
  shape.num_splits = 0;
  CHECK(kernels::attention_decode<Bfloat16>(shape, {}, nullptr, nullptr) == cudaErrorInvalidValue);
}
