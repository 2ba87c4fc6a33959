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
#include "kernels/reference/sum_parts.h"
#include "kernels/rms_norm.h"
#include "kernels/rope_append.h"
#include "kernels/silu_mul.h"
#include "kernels/sum_parts.h"
#include "runner/cuda_check.h"
#include "runner/device_buffer.h"
#include "runner/stream.h"
#include "tests/kernels/gpu_support.h"

using hexgen::DeviceBuffer;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::EmbeddingData;
using hexgen::kernels::Float16;
using hexgen::kernels::kKvBlockTokens;
using hexgen::kernels::kNoSlot;
using hexgen::kernels::MatvecData;
using hexgen::kernels::RmsNormData;
using hexgen::kernels::RopeAppendData;
using hexgen::kernels::RopeAppendShape;
using hexgen::kernels::SiluMulData;
using hexgen::kernels::SumPartsData;
using hexgen::test::kNan;
using hexgen::test::kTolerance;
using hexgen::test::random_values;
using hexgen::test::relative_error;
using hexgen::test::same_bits;
using hexgen::test::to_element;

namespace kernels = hexgen::kernels;

namespace {

/// rms_norm() on both sides; checks the normalised rows and the sums.
template <typename T>
void check_rms_norm(int num_rows, int width, bool adds, bool normalises) {
  CAPTURE(num_rows);
  CAPTURE(width);
  std::mt19937 random(5);
  const auto count = static_cast<std::size_t>(num_rows * width);
  const std::vector<T> x = random_values<T>(count, 2.0F, random);
  const std::vector<T> weight = random_values<T>(static_cast<std::size_t>(width), 1.0F, random);
  std::vector<T> residual = random_values<T>(count, 5.0F, random);
  std::vector<T> out(count, kNan<T>);
  const DeviceBuffer<T> device_x(x);
  const DeviceBuffer<T> device_weight(weight);
  const DeviceBuffer<T> device_residual(residual);
  const DeviceBuffer<T> device_out(out);
  const Stream stream;
  HEXGEN_CUDA_CHECK(kernels::rms_norm<T>({.num_rows = num_rows, .width = width},
                                         {.x = adds ? device_x.data() : nullptr,
                                          .residual = device_residual.data(),
                                          .weight = device_weight.data(),
                                          .out = normalises ? device_out.data() : nullptr},
                                         stream.get()));
  stream.synchronize();
  kernels::reference::rms_norm({.num_rows = num_rows, .width = width},
                               RmsNormData<T>{.x = adds ? x.data() : nullptr,
                                              .residual = residual.data(),
                                              .weight = weight.data(),
                                              .out = normalises ? out.data() : nullptr});
  CHECK(same_bits(device_residual.to_host(), residual));
  if (normalises) {
    CHECK(relative_error(device_out.to_host(), out) < kTolerance<T>);
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
template <typename T>
struct RopeData {
  std::vector<T> qkv;
  std::vector<T> bias;
  std::vector<T> q_norm;
  std::vector<T> k_norm;
  std::vector<float> frequencies;
  std::vector<int> positions;
  std::vector<int> slots;
  std::vector<T> q;
  std::vector<T> k;
  std::vector<T> v;
};

template <typename T>
RopeData<T> make_rope_data(const RopeAppendShape& shape) {
  std::mt19937 random(8);
  const auto head_dim = static_cast<std::size_t>(shape.head_dim);
  const auto row = static_cast<std::size_t>(shape.row_heads()) * head_dim;
  const auto tokens = static_cast<std::size_t>(shape.num_tokens);
  const std::size_t blocks = tokens / kKvBlockTokens + 1;
  const std::size_t cache_size =
      blocks * kKvBlockTokens * static_cast<std::size_t>(shape.num_kv_heads) * head_dim;
  RopeData<T> data;
  data.qkv = random_values<T>(tokens * row, 3.0F, random);
  data.bias = random_values<T>(row, 1.0F, random);
  data.q_norm = random_values<T>(head_dim, 1.0F, random);
  data.k_norm = random_values<T>(head_dim, 1.0F, random);
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
  data.q.assign(tokens * static_cast<std::size_t>(shape.num_heads) * head_dim, kNan<T>);
  data.k.assign(cache_size, to_element<T>(-9));
  data.v = data.k;
  return data;
}

template <typename T>
void run_on_cpu(const RopeProblem& problem, RopeData<T>& data) {
  kernels::reference::rope_append(
      problem.shape,
      RopeAppendData<T>{.qkv = data.qkv.data(),
                        .bias = problem.bias ? data.bias.data() : nullptr,
                        .q_norm = problem.norms ? data.q_norm.data() : nullptr,
                        .k_norm = problem.norms ? data.k_norm.data() : nullptr,
                        .inverse_frequencies = data.frequencies.data(),
                        .positions = data.positions.data(),
                        .slots = data.slots.data(),
                        .q = data.q.data(),
                        .cache = {data.k.data(), data.v.data()}});
}

template <typename T>
void run_on_gpu(const RopeProblem& problem, RopeData<T>& data) {
  const DeviceBuffer<T> qkv(data.qkv);
  const DeviceBuffer<T> bias(data.bias);
  const DeviceBuffer<T> q_norm(data.q_norm);
  const DeviceBuffer<T> k_norm(data.k_norm);
  const DeviceBuffer<float> frequencies(data.frequencies);
  const DeviceBuffer<int> positions(data.positions);
  const DeviceBuffer<int> slots(data.slots);
  const DeviceBuffer<T> q(data.q);
  const DeviceBuffer<T> k(data.k);
  const DeviceBuffer<T> v(data.v);
  const Stream stream;
  HEXGEN_CUDA_CHECK(kernels::rope_append<T>(problem.shape,
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

template <typename T>
void check_rope_append(const RopeProblem& problem) {
  CAPTURE(problem.shape.head_dim);
  CAPTURE(problem.shape.num_heads);
  RopeData<T> expected = make_rope_data<T>(problem.shape);
  RopeData<T> actual = expected;
  run_on_cpu(problem, expected);
  run_on_gpu(problem, actual);
  CHECK(relative_error(actual.q, expected.q) < kTolerance<T>);
  CHECK(relative_error(actual.k, expected.k) < kTolerance<T>);
  CHECK(relative_error(actual.v, expected.v) < kTolerance<T>);
}

}  // namespace

TEST_CASE_TEMPLATE("the RMS norm agrees with its CPU twin at every width", T, HEXGEN_KERNEL_TYPES) {
  for (const int width : {8, 40, 256, 264, 4096, 4104, 8192, 16384}) {
    check_rms_norm<T>(3, width, true, true);
    check_rms_norm<T>(1, width, false, true);
  }
  check_rms_norm<T>(2500, 64, true, true);
}

TEST_CASE_TEMPLATE("the RMS norm's sum alone agrees with its CPU twin", T, HEXGEN_KERNEL_TYPES) {
  check_rms_norm<T>(7, 4096, true, false);
}

TEST_CASE_TEMPLATE("RoPE and the cache append agree with their CPU twin", T, HEXGEN_KERNEL_TYPES) {
  for (const int head_dim : {4, 8, 20, 64, 96, 128, 132, 256}) {
    check_rope_append<T>(
        {{.num_tokens = 37, .num_heads = 6, .num_kv_heads = 2, .head_dim = head_dim}});
  }
  check_rope_append<T>({{.num_tokens = 2, .num_heads = 32, .num_kv_heads = 32, .head_dim = 128}});
  check_rope_append<T>({{.num_tokens = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 64}});
}

TEST_CASE_TEMPLATE("bias and norms of q and k agree with their CPU twin", T, HEXGEN_KERNEL_TYPES) {
  for (const int head_dim : {8, 64, 128}) {
    const RopeAppendShape shape = {
        .num_tokens = 19, .num_heads = 7, .num_kv_heads = 1, .head_dim = head_dim};
    check_rope_append<T>({shape, true, false});
    check_rope_append<T>({shape, false, true});
    check_rope_append<T>({shape, true, true});
  }
}

TEST_CASE_TEMPLATE("SiLU times up agrees with its CPU twin", T, HEXGEN_KERNEL_TYPES) {
  const Stream stream;
  std::mt19937 random(2);
  for (const int width : {8, 2040, 2048, 2056, 11008}) {
    CAPTURE(width);
    const int num_rows = 3;
    const auto count = static_cast<std::size_t>(num_rows * width);
    const std::vector<T> gate_up = random_values<T>(2 * count, 20.0F, random);
    std::vector<T> expected(count);
    kernels::reference::silu_mul({.num_rows = num_rows, .width = width},
                                 SiluMulData<T>{.gate_up = gate_up.data(), .out = expected.data()});
    const DeviceBuffer<T> device_gate_up(gate_up);
    const DeviceBuffer<T> out(std::vector<T>(count, kNan<T>));
    HEXGEN_CUDA_CHECK(kernels::silu_mul<T>({.num_rows = num_rows, .width = width},
                                           {.gate_up = device_gate_up.data(), .out = out.data()},
                                           stream.get()));
    stream.synchronize();
    CHECK(relative_error(out.to_host(), expected) < kTolerance<T>);
  }
}

TEST_CASE_TEMPLATE("the embedding of a range of rows is that of its CPU twin, to the bit",
                   T,
                   HEXGEN_KERNEL_TYPES) {
  const Stream stream;
  std::mt19937 random(6);
  for (const int hidden_dim : {8, 1024, 1032, 4096}) {
    CAPTURE(hidden_dim);
    const kernels::EmbeddingShape shape = {
        .num_tokens = 5, .hidden_dim = hidden_dim, .first_row = 10, .num_rows = 3};
    const std::vector<int> tokens = {12, 9, 10, 13, 11};
    const std::vector<T> table =
        random_values<T>(static_cast<std::size_t>(3 * hidden_dim), 1.0F, random);
    std::vector<T> expected(static_cast<std::size_t>(5 * hidden_dim));
    kernels::reference::embedding(
        shape,
        EmbeddingData<T>{.tokens = tokens.data(), .table = table.data(), .out = expected.data()});
    const DeviceBuffer<int> device_tokens(tokens);
    const DeviceBuffer<T> device_table(table);
    const DeviceBuffer<T> out(std::vector<T>(expected.size(), kNan<T>));
    HEXGEN_CUDA_CHECK(kernels::embedding<T>(
        shape,
        {.tokens = device_tokens.data(), .table = device_table.data(), .out = out.data()},
        stream.get()));
    stream.synchronize();
    CHECK(same_bits(out.to_host(), expected));
  }
}

TEST_CASE_TEMPLATE(
    "the sum of parts is that of its CPU twin, to the bit", T, float, Bfloat16, Float16) {
  const Stream stream;
  std::mt19937 random(4);
  for (const int num_parts : {1, 2, 3, 8, kernels::kMostSumParts}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{8}, std::size_t{4099}}) {
      CAPTURE(num_parts);
      CAPTURE(count);
      std::vector<std::vector<T>> parts;
      std::vector<DeviceBuffer<T>> device_parts;
      SumPartsData<T> on_cpu;
      SumPartsData<T> on_gpu;
      for (int part = 0; part < num_parts; ++part) {
        parts.push_back(random_values<T>(count, 1.7F, random));
        device_parts.emplace_back(parts.back());
        on_cpu.parts[part] = parts.back().data();
        on_gpu.parts[part] = device_parts.back().data();
      }
      std::vector<T> expected(count);
      on_cpu.out = expected.data();
      on_gpu.out = device_parts.back().data();  // in place
      kernels::reference::sum_parts({num_parts, count}, on_cpu);
      HEXGEN_CUDA_CHECK(kernels::sum_parts({num_parts, count}, on_gpu, stream.get()));
      stream.synchronize();
      CHECK(same_bits(device_parts.back().to_host(), expected));
    }
  }
}

TEST_CASE("what fp16 cannot hold becomes its largest value on the GPU as on the CPU") {
  const Stream stream;
  std::vector<Float16> residual(8, to_element<Float16>(60'000));
  residual[1] = to_element<Float16>(-60'000);
  const std::vector<Float16> x = residual;
  const DeviceBuffer<Float16> device_residual(residual);
  const DeviceBuffer<Float16> device_x(x);
  HEXGEN_CUDA_CHECK(
      kernels::rms_norm<Float16>({.num_rows = 1, .width = 8},
                                 {.x = device_x.data(), .residual = device_residual.data()},
                                 stream.get()));
  stream.synchronize();
  CHECK(to_float(device_residual.to_host()[0]) == kernels::kLargestFloat16);
  CHECK(to_float(device_residual.to_host()[1]) == -kernels::kLargestFloat16);
}

TEST_CASE("widths without a kernel are refused") {
  CHECK(kernels::rms_norm<Bfloat16>({.num_rows = 1, .width = 12}, {}, nullptr) ==
        cudaErrorInvalidValue);
  CHECK(kernels::silu_mul<Bfloat16>({.num_rows = 1, .width = 12}, {}, nullptr) ==
        cudaErrorInvalidValue);
  const SumPartsData<Bfloat16> askew = {.parts = {reinterpret_cast<const Bfloat16*>(8)}};
  CHECK(kernels::sum_parts({1, 1}, askew, nullptr) == cudaErrorInvalidValue);
  CHECK(kernels::sum_parts({kernels::kMostSumParts + 1, 1}, SumPartsData<Bfloat16>{}, nullptr) ==
        cudaErrorInvalidValue);
  CHECK(kernels::embedding<Bfloat16>({.num_tokens = 1, .hidden_dim = 12}, {}, nullptr) ==
        cudaErrorInvalidValue);
  CHECK(kernels::rope_append<Bfloat16>(
            {.num_tokens = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 6}, {}, nullptr) ==
        cudaErrorInvalidValue);
}

TEST_CASE_TEMPLATE("products of few rows agree with their CPU twin", T, HEXGEN_KERNEL_TYPES) {
  const Stream stream;
  std::mt19937 random(12);
  for (const int inner_dim : {8, 248, 256, 264, 2048, 2056, 11008}) {
    for (const int rows : {1, 2, 3, 4}) {
      const int columns = 37;
      CAPTURE(inner_dim);
      CAPTURE(rows);
      const std::vector<T> x =
          random_values<T>(static_cast<std::size_t>(rows * inner_dim), 1.0F, random);
      const std::vector<T> w =
          random_values<T>(static_cast<std::size_t>(columns * inner_dim), 1.0F, random);
      std::vector<T> expected(static_cast<std::size_t>(rows * columns));
      const kernels::MatvecShape shape = {rows, inner_dim, columns};
      kernels::reference::matvec(shape, MatvecData<T, T>{x.data(), w.data(), expected.data()});
      const DeviceBuffer<T> device_x(x);
      const DeviceBuffer<T> device_w(w);
      const DeviceBuffer<T> y(std::vector<T>(expected.size(), kNan<T>));
      const DeviceBuffer<float> wide(std::vector<float>(expected.size(), NAN));
      HEXGEN_CUDA_CHECK(kernels::matvec(
          shape, MatvecData<T, T>{device_x.data(), device_w.data(), y.data()}, stream.get()));
      HEXGEN_CUDA_CHECK(
          kernels::matvec(shape,
                          MatvecData<T, float>{device_x.data(), device_w.data(), wide.data()},
                          stream.get()));
      stream.synchronize();
      CHECK(relative_error(y.to_host(), expected) < kTolerance<T>);
      std::vector<T> rounded;
      for (const float value : wide.to_host()) {
        rounded.push_back(to_element<T>(value));
      }
      CHECK(same_bits(rounded, y.to_host()));
    }
  }
  CHECK(kernels::matvec({1, 12, 1}, MatvecData<T, float>{}, nullptr) == cudaErrorInvalidValue);
  CHECK(kernels::matvec({5, 16, 1}, MatvecData<T, float>{}, nullptr) == cudaErrorInvalidValue);
}
