#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/embedding.h"
#include "kernels/matvec.h"
#include "kernels/reference/embedding.h"
#include "kernels/reference/matvec.h"
#include "kernels/reference/rms_norm.h"
#include "kernels/reference/rope_append.h"
#include "kernels/reference/silu_mul.h"
#include "kernels/rms_norm.h"
#include "kernels/rope_append.h"
#include "kernels/silu_mul.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"
#include "tests/kernels/gpu_support.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::EmbeddingData;
using hexgen::kernels::kKvBlockTokens;
using hexgen::kernels::kNoSlot;
using hexgen::kernels::MatvecData;
using hexgen::kernels::RmsNormData;
using hexgen::kernels::RopeAppendData;
using hexgen::kernels::RopeAppendShape;
using hexgen::kernels::SiluMulData;
using hexgen::kernels::to_bfloat16;
using hexgen::test::kNan;
using hexgen::test::kTolerance;
using hexgen::test::random_values;
using hexgen::test::relative_error;

namespace kernels = hexgen::kernels;

namespace {

bool same_bits(const std::vector<Bfloat16>& a, const std::vector<Bfloat16>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].bits != b[i].bits) {
      return false;
    }
  }
  return a.size() == b.size();
}

/// rms_norm() on both sides; checks the normalised rows and the sums.
void check_rms_norm(int num_rows, int width, bool adds, bool normalises) {
  CAPTURE(num_rows);
  CAPTURE(width);
  std::mt19937 random(5);
  const auto count = static_cast<std::size_t>(num_rows * width);
  const std::vector<Bfloat16> x = random_values(count, 2.0F, random);
  const std::vector<Bfloat16> weight = random_values(static_cast<std::size_t>(width), 1.0F, random);
  std::vector<Bfloat16> residual = random_values(count, 5.0F, random);
  std::vector<Bfloat16> out(count, kNan);
  const DeviceBuffer<Bfloat16> device_x(x);
  const DeviceBuffer<Bfloat16> device_weight(weight);
  const DeviceBuffer<Bfloat16> device_residual(residual);
  const DeviceBuffer<Bfloat16> device_out(out);
  const Stream stream;
  HEXGEN_CUDA_CHECK(kernels::rms_norm({.num_rows = num_rows, .width = width},
                                      {.x = adds ? device_x.data() : nullptr,
                                       .residual = device_residual.data(),
                                       .weight = device_weight.data(),
                                       .out = normalises ? device_out.data() : nullptr},
                                      stream.get()));
  stream.synchronize();
  kernels::reference::rms_norm({.num_rows = num_rows, .width = width},
                               RmsNormData<Bfloat16>{.x = adds ? x.data() : nullptr,
                                                     .residual = residual.data(),
                                                     .weight = weight.data(),
                                                     .out = normalises ? out.data() : nullptr});
  CHECK(same_bits(device_residual.to_host(), residual));
  if (normalises) {
    CHECK(relative_error(device_out.to_host(), out) < kTolerance);
  } else {
    CHECK(same_bits(device_out.to_host(), out));  // untouched
  }
}

struct RopeProblem {
  RopeAppendShape shape;
  bool bias = false;
  bool norms = false;
};

/// Inputs and places for results: every third token without a slot, blocks in descending order.
struct RopeData {
  std::vector<Bfloat16> qkv;
  std::vector<Bfloat16> bias;
  std::vector<Bfloat16> q_norm;
  std::vector<Bfloat16> k_norm;
  std::vector<float> frequencies;
  std::vector<int> positions;
  std::vector<int> slots;
  std::vector<Bfloat16> q;
  std::vector<Bfloat16> k;
  std::vector<Bfloat16> v;
};

RopeData make_rope_data(const RopeAppendShape& shape) {
  std::mt19937 random(8);
  const auto head_dim = static_cast<std::size_t>(shape.head_dim);
  const auto row = static_cast<std::size_t>(shape.row_heads()) * head_dim;
  const auto tokens = static_cast<std::size_t>(shape.num_tokens);
  const std::size_t blocks = tokens / kKvBlockTokens + 1;
  const std::size_t cache_size =
      blocks * kKvBlockTokens * static_cast<std::size_t>(shape.num_kv_heads) * head_dim;
  RopeData data;
  data.qkv = random_values(tokens * row, 3.0F, random);
  data.bias = random_values(row, 1.0F, random);
  data.q_norm = random_values(head_dim, 1.0F, random);
  data.k_norm = random_values(head_dim, 1.0F, random);
  for (std::size_t i = 0; i < head_dim / 2; ++i) {
    const float exponent = -2.0F * static_cast<float>(i) / static_cast<float>(shape.head_dim);
    data.frequencies.push_back(std::pow(10000.0F, exponent));
  }
  for (int token = 0; token < shape.num_tokens; ++token) {
    data.positions.push_back(token * token * 7 % 9001);
    const int block = static_cast<int>(blocks) - 1 - token / kKvBlockTokens;
    const int slot = block * kKvBlockTokens + token % kKvBlockTokens;
    data.slots.push_back(token % 3 == 2 ? kNoSlot : slot);
  }
  data.q.assign(tokens * static_cast<std::size_t>(shape.num_heads) * head_dim, kNan);
  data.k.assign(cache_size, to_bfloat16(-9));
  data.v = data.k;
  return data;
}

void run_on_cpu(const RopeProblem& problem, RopeData& data) {
  kernels::reference::rope_append(
      problem.shape,
      RopeAppendData<Bfloat16>{.qkv = data.qkv.data(),
                               .bias = problem.bias ? data.bias.data() : nullptr,
                               .q_norm = problem.norms ? data.q_norm.data() : nullptr,
                               .k_norm = problem.norms ? data.k_norm.data() : nullptr,
                               .inverse_frequencies = data.frequencies.data(),
                               .positions = data.positions.data(),
                               .slots = data.slots.data(),
                               .q = data.q.data(),
                               .cache = {data.k.data(), data.v.data()}});
}

void run_on_gpu(const RopeProblem& problem, RopeData& data) {
  const DeviceBuffer<Bfloat16> qkv(data.qkv);
  const DeviceBuffer<Bfloat16> bias(data.bias);
  const DeviceBuffer<Bfloat16> q_norm(data.q_norm);
  const DeviceBuffer<Bfloat16> k_norm(data.k_norm);
  const DeviceBuffer<float> frequencies(data.frequencies);
  const DeviceBuffer<int> positions(data.positions);
  const DeviceBuffer<int> slots(data.slots);
  const DeviceBuffer<Bfloat16> q(data.q);
  const DeviceBuffer<Bfloat16> k(data.k);
  const DeviceBuffer<Bfloat16> v(data.v);
  const Stream stream;
  HEXGEN_CUDA_CHECK(kernels::rope_append(problem.shape,
                                         {.qkv = qkv.data(),
                                          .bias = problem.bias ? bias.data() : nullptr,
                                          .q_norm = problem.norms ? q_norm.data() : nullptr,
                                          .k_norm = problem.norms ? k_norm.data() : nullptr,
                                          .inverse_frequencies = frequencies.data(),
                                          .positions = positions.data(),
                                          .slots = slots.data(),
                                          .q = q.data(),
                                          .cache = {k.data(), v.data()}},
                                         stream.get()));
  stream.synchronize();
  data.q = q.to_host();
  data.k = k.to_host();
  data.v = v.to_host();
}

void check_rope_append(const RopeProblem& problem) {
  CAPTURE(problem.shape.head_dim);
  CAPTURE(problem.shape.num_heads);
  RopeData expected = make_rope_data(problem.shape);
  RopeData actual = expected;
  run_on_cpu(problem, expected);
  run_on_gpu(problem, actual);
  CHECK(relative_error(actual.q, expected.q) < kTolerance);
  CHECK(relative_error(actual.k, expected.k) < kTolerance);
  CHECK(relative_error(actual.v, expected.v) < kTolerance);
}

}  // namespace

TEST_CASE("the RMS norm agrees with its CPU twin at every width") {
  for (const int width : {8, 40, 256, 264, 4096, 4104, 8192, 16384}) {
    check_rms_norm(3, width, true, true);
    check_rms_norm(1, width, false, true);
  }
  check_rms_norm(2500, 64, true, true);
}

TEST_CASE("the RMS norm's sum alone agrees with its CPU twin") {
  check_rms_norm(7, 4096, true, false);
}

TEST_CASE("RoPE and the cache append agree with their CPU twin") {
  for (const int head_dim : {4, 8, 20, 64, 96, 128, 132, 256}) {
    check_rope_append(
        {{.num_tokens = 37, .num_heads = 6, .num_kv_heads = 2, .head_dim = head_dim}});
  }
  check_rope_append({{.num_tokens = 2, .num_heads = 32, .num_kv_heads = 32, .head_dim = 128}});
  check_rope_append({{.num_tokens = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 64}});
}

TEST_CASE("bias and norms of q and k agree with their CPU twin") {
  for (const int head_dim : {8, 64, 128}) {
    const RopeAppendShape shape = {
        .num_tokens = 19, .num_heads = 7, .num_kv_heads = 1, .head_dim = head_dim};
    check_rope_append({shape, true, false});
    check_rope_append({shape, false, true});
    check_rope_append({shape, true, true});
  }
}

TEST_CASE("SiLU times up agrees with its CPU twin") {
  const Stream stream;
  std::mt19937 random(2);
  for (const int width : {8, 2040, 2048, 2056, 11008}) {
    CAPTURE(width);
    const int num_rows = 3;
    const auto count = static_cast<std::size_t>(num_rows * width);
    const std::vector<Bfloat16> gate_up = random_values(2 * count, 20.0F, random);
    std::vector<Bfloat16> expected(count);
    kernels::reference::silu_mul(
        {.num_rows = num_rows, .width = width},
        SiluMulData<Bfloat16>{.gate_up = gate_up.data(), .out = expected.data()});
    const DeviceBuffer<Bfloat16> device_gate_up(gate_up);
    const DeviceBuffer<Bfloat16> out(std::vector<Bfloat16>(count, kNan));
    HEXGEN_CUDA_CHECK(kernels::silu_mul({.num_rows = num_rows, .width = width},
                                        {.gate_up = device_gate_up.data(), .out = out.data()},
                                        stream.get()));
    stream.synchronize();
    CHECK(relative_error(out.to_host(), expected) < kTolerance);
  }
}

TEST_CASE("the embedding of a range of rows is that of its CPU twin, to the bit") {
  const Stream stream;
  std::mt19937 random(6);
  for (const int hidden_dim : {8, 1024, 1032, 4096}) {
    CAPTURE(hidden_dim);
    const kernels::EmbeddingShape shape = {
        .num_tokens = 5, .hidden_dim = hidden_dim, .first_row = 10, .num_rows = 3};
    const std::vector<int> tokens = {12, 9, 10, 13, 11};
    const std::vector<Bfloat16> table =
        random_values(static_cast<std::size_t>(3 * hidden_dim), 1.0F, random);
    std::vector<Bfloat16> expected(static_cast<std::size_t>(5 * hidden_dim));
    kernels::reference::embedding(
        shape,
        EmbeddingData<Bfloat16>{
            .tokens = tokens.data(), .table = table.data(), .out = expected.data()});
    const DeviceBuffer<int> device_tokens(tokens);
    const DeviceBuffer<Bfloat16> device_table(table);
    const DeviceBuffer<Bfloat16> out(std::vector<Bfloat16>(expected.size(), kNan));
    HEXGEN_CUDA_CHECK(kernels::embedding(
        shape,
        {.tokens = device_tokens.data(), .table = device_table.data(), .out = out.data()},
        stream.get()));
    stream.synchronize();
    CHECK(same_bits(out.to_host(), expected));
  }
}

TEST_CASE("widths without a kernel are refused") {
  CHECK(kernels::rms_norm({.num_rows = 1, .width = 12}, {}, nullptr) == cudaErrorInvalidValue);
  CHECK(kernels::silu_mul({.num_rows = 1, .width = 12}, {}, nullptr) == cudaErrorInvalidValue);
  CHECK(kernels::embedding({.num_tokens = 1, .hidden_dim = 12}, {}, nullptr) ==
        cudaErrorInvalidValue);
  CHECK(kernels::rope_append({.num_tokens = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 6},
                             {},
                             nullptr) == cudaErrorInvalidValue);
}

TEST_CASE("products of few rows agree with their CPU twin") {
  const Stream stream;
  std::mt19937 random(12);
  for (const int inner_dim : {8, 248, 256, 264, 2048, 2056, 11008}) {
    for (const int rows : {1, 2, 3, 4}) {
      const int columns = 37;
      CAPTURE(inner_dim);
      CAPTURE(rows);
      const std::vector<Bfloat16> x =
          random_values(static_cast<std::size_t>(rows * inner_dim), 1.0F, random);
      const std::vector<Bfloat16> w =
          random_values(static_cast<std::size_t>(columns * inner_dim), 1.0F, random);
      std::vector<Bfloat16> expected(static_cast<std::size_t>(rows * columns));
      const kernels::MatvecShape shape = {rows, inner_dim, columns};
      kernels::reference::matvec(
          shape, MatvecData<Bfloat16, Bfloat16>{x.data(), w.data(), expected.data()});
      const DeviceBuffer<Bfloat16> device_x(x);
      const DeviceBuffer<Bfloat16> device_w(w);
      const DeviceBuffer<Bfloat16> y(std::vector<Bfloat16>(expected.size(), kNan));
      const DeviceBuffer<float> wide(std::vector<float>(expected.size(), NAN));
      HEXGEN_CUDA_CHECK(kernels::matvec(
          shape,
          MatvecData<Bfloat16, Bfloat16>{device_x.data(), device_w.data(), y.data()},
          stream.get()));
      HEXGEN_CUDA_CHECK(kernels::matvec(
          shape,
          MatvecData<Bfloat16, float>{device_x.data(), device_w.data(), wide.data()},
          stream.get()));
      stream.synchronize();
      CHECK(relative_error(y.to_host(), expected) < kTolerance);
      std::vector<Bfloat16> rounded;
      for (const float value : wide.to_host()) {
        rounded.push_back(to_bfloat16(value));
      }
      CHECK(same_bits(rounded, y.to_host()));
    }
  }
  CHECK(kernels::matvec({1, 12, 1}, MatvecData<Bfloat16, float>{}, nullptr) ==
        cudaErrorInvalidValue);
  CHECK(kernels::matvec({5, 16, 1}, MatvecData<Bfloat16, float>{}, nullptr) ==
        cudaErrorInvalidValue);
}
