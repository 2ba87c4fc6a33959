#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/reference/embedding.h"
#include "kernels/reference/matvec.h"
#include "kernels/reference/rms_norm.h"
#include "kernels/reference/rope_append.h"
#include "kernels/reference/silu_mul.h"

using doctest::Approx;
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
using hexgen::kernels::to_float;

namespace reference = hexgen::kernels::reference;

namespace {

/// One token with one query head of dimension 4 and one KV head, a cache of two blocks.
struct RopeProblem {
  RopeAppendShape shape = {
      .num_tokens = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 4, .epsilon = 0};
  std::vector<float> qkv = {1, 2, 3, 4, 0, 5, 12, 0, 7, 8, 9, 10};
  std::vector<float> frequencies = {1, 0.5F};
  int position = 0;
  int slot = 0;
  std::vector<float> q = std::vector<float>(4, -1);
  std::vector<float> k = std::vector<float>(2 * kKvBlockTokens * 4, -1);
  std::vector<float> v = k;

  RopeAppendData<float> data() {
    return {.qkv = qkv.data(),
            .inverse_frequencies = frequencies.data(),
            .positions = &position,
            .slots = &slot,
            .q = q.data(),
            .cache = {k.data(), v.data()}};
  }
};

}  // namespace

TEST_CASE("the RMS norm divides a row by the root of its mean square") {
  // Expectation: row (3, 4): mean square 12.5, root 3.5355; row (0, 0): 0 / sqrt(epsilon).
  std::vector<float> residual = {3, 4, 0, 0};
  const std::vector<float> weight = {1, 10};
  std::vector<float> out(4);
  reference::rms_norm(
      {.num_rows = 2, .width = 2, .epsilon = 1e-6F},
      RmsNormData<float>{.residual = residual.data(), .weight = weight.data(), .out = out.data()});
  CHECK(out[0] == Approx(3 / 3.5355339).epsilon(1e-6));
  CHECK(out[1] == Approx(40 / 3.5355339).epsilon(1e-6));
  CHECK(out[2] == 0);
  CHECK(residual == std::vector<float>{3, 4, 0, 0});
}

TEST_CASE("the RMS norm first adds to the residual, and can do that alone") {
  std::vector<float> residual = {1, 1};
  const std::vector<float> x = {2, 3};
  const std::vector<float> weight = {1, 1};
  std::vector<float> out(2);
  RmsNormData<float> data = {
      .x = x.data(), .residual = residual.data(), .weight = weight.data(), .out = out.data()};
  reference::rms_norm({.num_rows = 1, .width = 2, .epsilon = 0}, data);
  CHECK(residual == std::vector<float>{3, 4});
  CHECK(out[1] == Approx(4 / 3.5355339).epsilon(1e-6));
  data.out = nullptr;
  reference::rms_norm({.num_rows = 1, .width = 2, .epsilon = 0}, data);
  CHECK(residual == std::vector<float>{5, 7});
}

TEST_CASE("the RMS norm's epsilon stands under the root") {
  std::vector<float> residual = {1};
  const std::vector<float> weight = {6};
  float out = 0;
  reference::rms_norm(
      {.num_rows = 1, .width = 1, .epsilon = 3},
      RmsNormData<float>{.residual = residual.data(), .weight = weight.data(), .out = &out});
  CHECK(out == 3);  // 6 / sqrt(1 + 3)
}

TEST_CASE("SiLU of the gate multiplies the up projection row by row") {
  const std::vector<float> gate_up = {0, 1, 5, 6, -2, 100, 7, 8};
  std::vector<float> out(4);
  reference::silu_mul({.num_rows = 2, .width = 2},
                      SiluMulData<float>{.gate_up = gate_up.data(), .out = out.data()});
  CHECK(out[0] == 0);
  CHECK(out[1] == Approx(6 * 0.7310586).epsilon(1e-6));    // 1 / (1 + e^-1)
  CHECK(out[2] == Approx(-14 * 0.1192029).epsilon(1e-6));  // 1 / (1 + e^2)
  CHECK(out[3] == 800);
}

TEST_CASE("the parts of an embedding table add up to the whole") {
  const std::vector<float> table = {1, 2, 3, 4, 5, 6};  // rows 0, 1, 2
  const std::vector<int> tokens = {2, 0, 1, 2};
  std::vector<float> first(8);
  std::vector<float> second(8);
  reference::embedding(
      {.num_tokens = 4, .hidden_dim = 2, .first_row = 0, .num_rows = 1},
      EmbeddingData<float>{.tokens = tokens.data(), .table = table.data(), .out = first.data()});
  reference::embedding(
      {.num_tokens = 4, .hidden_dim = 2, .first_row = 1, .num_rows = 2},
      EmbeddingData<float>{
          .tokens = tokens.data(), .table = table.data() + 2, .out = second.data()});
  CHECK(first == std::vector<float>{0, 0, 1, 2, 0, 0, 0, 0});
  CHECK(second == std::vector<float>{5, 6, 0, 0, 3, 4, 5, 6});
}

TEST_CASE("position 0 leaves q and k as they are, and k and v land in their slot") {
  RopeProblem problem;
  problem.slot = kKvBlockTokens + 3;  // block 1, row 3
  reference::rope_append(problem.shape, problem.data());
  CHECK(problem.q == std::vector<float>{1, 2, 3, 4});
  const std::size_t row = (kKvBlockTokens + 3) * 4;
  CHECK(problem.k[row + 1] == 5);
  CHECK(problem.v[row] == 7);
  CHECK(problem.v[row + 3] == 10);
  CHECK(problem.k[row - 1] == -1);
  CHECK(problem.k[row + 4] == -1);
}

TEST_CASE("RoPE turns elements i and i + head_dim / 2 by position times frequency i") {
  // Expectation: (1, 3) by 2 rad: 1 cos 2 - 3 sin 2 = -3.14404, 3 cos 2 + 1 sin 2 = -0.33914;
  // (2, 4) by 1 rad: 2 cos 1 - 4 sin 1 = -2.28528, 4 cos 1 + 2 sin 1 = 3.84415. v does not turn.
  RopeProblem problem;
  problem.position = 2;
  reference::rope_append(problem.shape, problem.data());
  CHECK(problem.q[0] == Approx(-3.14404).epsilon(1e-5));
  CHECK(problem.q[1] == Approx(-2.28528).epsilon(1e-5));
  CHECK(problem.q[2] == Approx(-0.33914).epsilon(1e-4));
  CHECK(problem.q[3] == Approx(3.84415).epsilon(1e-5));
  CHECK(problem.k[0] == Approx(-12 * std::sin(2.0)).epsilon(1e-5));
  CHECK(problem.v[2] == 9);
}

TEST_CASE("each KV head has its own rows of a block") {
  RopeProblem problem;
  problem.shape = {.num_tokens = 1, .num_heads = 1, .num_kv_heads = 2, .head_dim = 2, .epsilon = 0};
  problem.qkv = {0, 0, 1, 2, 3, 4, 5, 6, 7, 8};  // q, k of heads 0 and 1, v of heads 0 and 1
  problem.slot = 5;
  reference::rope_append(problem.shape, problem.data());
  CHECK(problem.k[5 * 2 + 1] == 2);
  CHECK(problem.k[(kKvBlockTokens + 5) * 2 + 1] == 4);
  CHECK(problem.v[5 * 2] == 5);
  CHECK(problem.v[(kKvBlockTokens + 5) * 2] == 7);
}

TEST_CASE("bias comes before the norms of q and k, which leave v alone") {
  RopeProblem problem;
  const std::vector<float> bias = {2, 1, 0, -1, 0, 0, 0, 0, 1, 1, 1, 1};
  const std::vector<float> q_norm = {1, 1, 1, 2};
  const std::vector<float> k_norm = {1, 1, 13, 1};
  RopeAppendData<float> data = problem.data();
  data.bias = bias.data();
  data.q_norm = q_norm.data();
  data.k_norm = k_norm.data();
  reference::rope_append(problem.shape, data);
  // q + bias = (3, 3, 3, 3), root mean square 3; k = (0, 5, 12, 0), root mean square 13 / 2.
  CHECK(problem.q == std::vector<float>{1, 1, 1, 2});
  CHECK(problem.k[1] == Approx(10.0 / 13).epsilon(1e-6));
  CHECK(problem.k[2] == Approx(24).epsilon(1e-6));
  CHECK(problem.v[0] == 8);
}

TEST_CASE("a token without a slot is rotated and not kept") {
  RopeProblem problem;
  problem.slot = kNoSlot;
  reference::rope_append(problem.shape, problem.data());
  CHECK(problem.q[3] == 4);
  CHECK(problem.k == std::vector<float>(problem.k.size(), -1));
  CHECK(problem.v == problem.k);
}

TEST_CASE("the twins round to bf16 where data is bf16") {
  std::vector<Bfloat16> residual = {to_bfloat16(1)};
  const std::vector<Bfloat16> x = {to_bfloat16(1.0F / 256)};
  reference::rms_norm({.num_rows = 1, .width = 1},
                      RmsNormData<Bfloat16>{.x = x.data(), .residual = residual.data()});
  CHECK(to_float(residual[0]) == 1);  // half a unit in the last place, a tie: to even
}

TEST_CASE("a product of few rows is the sum of products") {
  const auto bf16 = [](std::vector<float> values) {
    std::vector<Bfloat16> converted;
    for (const float value : values) {
      converted.push_back(to_bfloat16(value));
    }
    return converted;
  };
  const std::vector<Bfloat16> x = bf16({1, 2, 3, 4});        // two rows
  const std::vector<Bfloat16> w = bf16({1, 0, 0, 1, 5, 6});  // three columns
  std::vector<float> y(6);
  reference::matvec({.rows = 2, .inner_dim = 2, .columns = 3},
                    MatvecData<Bfloat16, float>{x.data(), w.data(), y.data()});
  CHECK(y == std::vector<float>{1, 2, 17, 3, 4, 39});
}
