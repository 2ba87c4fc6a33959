#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/reference/attention_decode.h"
#include "kernels/reference/random_fill.h"
#include "kernels/reference/stream_read.h"
#include "kernels/reference/sum_parts.h"

using hexgen::kernels::Bfloat16;
using hexgen::kernels::DecodeAttentionData;
using hexgen::kernels::DecodeAttentionShape;
using hexgen::kernels::Float16;
using hexgen::kernels::SumPartsData;
using hexgen::kernels::to_bfloat16;
using hexgen::kernels::to_float;
using hexgen::kernels::to_float16;

namespace reference = hexgen::kernels::reference;

namespace {

std::vector<Bfloat16> to_bfloat16s(const std::vector<float>& values) {
  std::vector<Bfloat16> converted;
  for (const float value : values) {
    converted.push_back(to_bfloat16(value));
  }
  return converted;
}

}  // namespace

TEST_CASE("bf16 rounds to nearest, ties to even") {
  CHECK(to_float(to_bfloat16(1.0F)) == 1.0F);
  CHECK(to_float(to_bfloat16(-0.375F)) == -0.375F);
  // bf16 numbers between 1 and 2 are 1/128 apart.
  CHECK(to_float(to_bfloat16(1.0F + 0.4F / 128)) == 1.0F);
  CHECK(to_float(to_bfloat16(1.0F + 0.6F / 128)) == 1.0F + 1.0F / 128);
  CHECK(to_float(to_bfloat16(1.0F + 0.5F / 128)) == 1.0F);
  CHECK(to_float(to_bfloat16(1.0F + 1.5F / 128)) == 1.0F + 2.0F / 128);
}

TEST_CASE("fp16 is converted to fp32 exactly") {
  const auto value_of = [](std::uint16_t bits) { return to_float(Float16{bits}); };
  // Bits and values by the definition of binary16.
  CHECK(value_of(0x3c00) == 1.0F);
  CHECK(value_of(0xc000) == -2.0F);
  CHECK(value_of(0x3555) == 0.333251953125F);
  CHECK(value_of(0x7bff) == 65504.0F);
  CHECK(value_of(0x0001) == 0x1p-24F);
  CHECK(value_of(0x83ff) == -0x1.ff8p-15F);
  CHECK(value_of(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(value_of(0x7e00)));
}

TEST_CASE("every fp16 number is its own rounding, and what lies between two goes to the nearer") {
  const auto bits_of = [](float value) { return to_float16(value).bits; };
  std::size_t wrong = 0;
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {  // up to the last but one
    const float low = to_float(Float16{bits});
    const float high = to_float(Float16{static_cast<std::uint16_t>(bits + 1)});
    const float middle = (low + high) / 2;  // exact: a float has 13 bits more
    const int even = bits % 2 == 0 ? bits : bits + 1;
    wrong += bits_of(low) != bits ? 1 : 0;
    wrong += bits_of(-high) != (0x8000 | (bits + 1)) ? 1 : 0;
    wrong += bits_of(middle) != even ? 1 : 0;
    wrong += bits_of(std::nextafter(middle, 0.0F)) != bits ? 1 : 0;
    wrong += bits_of(std::nextafter(middle, 1e9F)) != bits + 1 ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("fp16 ends at its largest finite value and keeps NaN and the sign of zero") {
  CHECK(to_float(to_float16(65504.0F)) == 65504.0F);
  CHECK(to_float(to_float16(1e9F)) == 65504.0F);
  CHECK(to_float(to_float16(-std::numeric_limits<float>::infinity())) == -65504.0F);
  CHECK(std::isnan(to_float(to_float16(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(to_float16(-0.0F).bits == 0x8000);
  CHECK(to_float16(0x1p-26F).bits == 0);
}

TEST_CASE("parts are added in fp32, in their order, and rounded once") {
  // 2^24 + 1 + 1 in this order stays 2^24 in fp32; 1 + 1 + 2^24 does not.
  const std::vector<float> big = {0x1p24F};
  const std::vector<float> one = {1};
  std::vector<float> sum(1);
  SumPartsData<float> data = {.parts = {big.data(), one.data(), one.data()}, .out = sum.data()};
  reference::sum_parts({.num_parts = 3, .count = 1}, data);
  CHECK(sum[0] == 0x1p24F);
  data.parts[0] = one.data();
  data.parts[2] = big.data();
  reference::sum_parts({.num_parts = 3, .count = 1}, data);
  CHECK(sum[0] == 0x1p24F + 2);

  // 1 + 1/256 + 1/256 = 1 + 1/128, a bf16; with a rounding after each addition it would stay 1.
  const std::vector<Bfloat16> whole = to_bfloat16s({1});
  const std::vector<Bfloat16> small = to_bfloat16s({1.0F / 256});
  std::vector<Bfloat16> rounded(1);
  reference::sum_parts({.num_parts = 3, .count = 1},
                       SumPartsData<Bfloat16>{.parts = {whole.data(), small.data(), small.data()},
                                              .out = rounded.data()});
  CHECK(to_float(rounded[0]) == 1.0F + 1.0F / 128);
}

TEST_CASE("the sum of words does not stop at 32 bits") {
  const std::vector<std::uint32_t> words = {0xffffffff, 0xffffffff, 3};
  std::uint64_t sum = 7;
  reference::stream_read(words.data(), words.size(), &sum);
  CHECK(sum == 8'589'934'593);  // 2 * (2^32 - 1) + 3
  reference::stream_read(words.data(), 0, &sum);
  CHECK(sum == 0);
}

TEST_CASE("random values spread over k/128 and depend on the seed") {
  std::vector<Bfloat16> values(4096);
  reference::random_fill(values.data(), values.size(), 1);
  double sum = 0;
  std::set<float> distinct;
  for (const Bfloat16 value : values) {
    sum += to_float(value);
    distinct.insert(to_float(value) * 128);
  }
  CHECK(distinct.size() == 256);  // 4096 draws miss a given one of 256 with probability e^-16
  CHECK(*distinct.begin() == -128);
  CHECK(*distinct.rbegin() == 127);
  // Mean -1/256; the standard error is 0.577 / sqrt(4096) = 0.009.
  CHECK(std::abs(sum / 4096 + 1.0 / 256) < 0.036);

  std::vector<Bfloat16> other(4096);
  reference::random_fill(other.data(), other.size(), 2);
  int equal = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    equal += values[i].bits == other[i].bits ? 1 : 0;
  }
  CHECK(equal < 60);  // 16 expected of 4096
}

TEST_CASE("attention over paged blocks is the softmax worked out by hand") {
  // Two query heads share one KV head of dimension 4; scale 1/2. The sequence has 17 tokens: block
  // 1 holds the first 16, block 0 the last one. All keys are 0 but the last, (4, 0, 0, 0), and all
  // values but the last, 17.
  const DecodeAttentionShape shape = {
      .num_sequences = 1, .num_heads = 2, .num_kv_heads = 1, .head_dim = 4, .max_blocks = 2};
  const std::vector<Bfloat16> q = to_bfloat16s({1, 0, 0, 0, 0, 1, 0, 0});
  std::vector<float> k(2 * 16 * 4, 0.0F);
  std::vector<float> v(2 * 16 * 4, 0.0F);
  k[0] = 4.0F;   // block 0, token 0: q . k / 2 = 2 for the first head, 0 for the second
  v[0] = 17.0F;  // all other values are 0
  const std::vector<Bfloat16> keys = to_bfloat16s(k);
  const std::vector<Bfloat16> values = to_bfloat16s(v);
  const std::vector<int> table = {1, 0};
  const int tokens = 17;
  std::vector<Bfloat16> out(8);
  reference::attention_decode(shape,
                              DecodeAttentionData<Bfloat16>{.q = q.data(),
                                                            .cache = {keys.data(), values.data()},
                                                            .block_table = table.data(),
                                                            .context_tokens = &tokens,
                                                            .out = out.data()});
  // Expectation: 17 e^2 / (e^2 + 16) = 5.3707 for the first head, 17 / 17 for the second.
  CHECK(to_float(out[0]) == doctest::Approx(5.3707).epsilon(0.004));
  CHECK(to_float(out[4]) == 1.0F);
  CHECK(to_float(out[1]) == 0.0F);
}

TEST_CASE("an empty context gives zeros") {
  const DecodeAttentionShape shape = {
      .num_sequences = 1, .num_heads = 1, .num_kv_heads = 1, .head_dim = 2, .max_blocks = 1};
  const std::vector<Bfloat16> q = to_bfloat16s({1, 1});
  const std::vector<Bfloat16> cache(16 * 2, to_bfloat16(5.0F));
  const int block = 0;
  const int tokens = 0;
  std::vector<Bfloat16> out = to_bfloat16s({9, 9});
  reference::attention_decode(shape,
                              DecodeAttentionData<Bfloat16>{.q = q.data(),
                                                            .cache = {cache.data(), cache.data()},
                                                            .block_table = &block,
                                                            .context_tokens = &tokens,
                                                            .out = out.data()});
  CHECK(to_float(out[0]) == 0.0F);
  CHECK(to_float(out[1]) == 0.0F);
}
