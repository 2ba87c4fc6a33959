#include "kernels/reference/attention_decode.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace hexgen::kernels::reference {
namespace {

double dot(const Bfloat16* a, const Bfloat16* b, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += double{to_float(a[i])} * to_float(b[i]);
  }
  return sum;
}

/// Replaces the scores by exp(score - max) and returns their sum.
double exponentiate(std::vector<double>& scores) {
  const double max = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = std::exp(score - max);
    sum += score;
  }
  return sum;
}

/// Element of k_blocks and v_blocks at which the row of a cached token begins.
std::ptrdiff_t cache_row(const DecodeAttentionShape& shape,
                         const DecodeAttentionData& data,
                         int sequence,
                         int head,
                         int token) {
  const std::ptrdiff_t block =
      data.block_table[sequence * shape.max_blocks + token / kKvBlockTokens];
  const std::ptrdiff_t head_block = block * shape.num_kv_heads + head / shape.group();
  return (head_block * kKvBlockTokens + token % kKvBlockTokens) * shape.head_dim;
}

void attend(const DecodeAttentionShape& shape,
            const DecodeAttentionData& data,
            int sequence,
            int head) {
  const std::ptrdiff_t first = (std::ptrdiff_t{sequence} * shape.num_heads + head) * shape.head_dim;
  std::fill_n(data.out + first, shape.head_dim, Bfloat16{});
  const int tokens = data.context_tokens[sequence];
  if (tokens == 0) {
    return;
  }
  std::vector<double> weights;
  for (int token = 0; token < tokens; ++token) {
    const Bfloat16* k = data.k_blocks + cache_row(shape, data, sequence, head, token);
    weights.push_back(dot(data.q + first, k, shape.head_dim) / std::sqrt(shape.head_dim));
  }
  const double sum = exponentiate(weights);
  std::vector<double> value(static_cast<std::size_t>(shape.head_dim), 0.0);
  for (int token = 0; token < tokens; ++token) {
    const Bfloat16* v = data.v_blocks + cache_row(shape, data, sequence, head, token);
    for (std::size_t d = 0; d < value.size(); ++d) {
      value[d] += weights[static_cast<std::size_t>(token)] / sum * to_float(v[d]);
    }
  }
  std::transform(value.begin(), value.end(), data.out + first, [](double v) {
    return to_bfloat16(static_cast<float>(v));
  });
}

}  // namespace

void attention_decode(const DecodeAttentionShape& shape, const DecodeAttentionData& data) {
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    for (int head = 0; head < shape.num_heads; ++head) {
      attend(shape, data, sequence, head);
    }
  }
}

}  // namespace hexgen::kernels::reference
