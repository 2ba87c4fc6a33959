#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/reference/attention_decode.h"
#include "kernels/reference/attention_prefill.h"

using doctest::Approx;
using hexgen::kernels::DecodeAttentionData;
using hexgen::kernels::kKvBlockTokens;
using hexgen::kernels::PrefillAttentionData;
using hexgen::kernels::PrefillAttentionShape;

namespace reference = hexgen::kernels::reference;

namespace {

/// Sequences of plain rows, token after token, before they are cut into blocks.
struct Sequences {
  PrefillAttentionShape shape;
  std::vector<int> queries;           // of each sequence
  std::vector<int> contexts;          // of each sequence
  std::vector<std::vector<float>> q;  // [sequence][query, head, dim]
  std::vector<std::vector<float>> k;  // [sequence][token, kv head, dim]
  std::vector<std::vector<float>> v;  // the same
};

std::vector<float> random_floats(int count, std::mt19937& random) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(random() % 4001) / 1000.0F - 2.0F);
  }
  return values;
}

Sequences random_sequences(PrefillAttentionShape shape,
                           const std::vector<int>& queries,
                           const std::vector<int>& contexts) {
  std::mt19937 random(11);
  Sequences made = {.shape = shape, .queries = queries, .contexts = contexts};
  for (std::size_t s = 0; s < queries.size(); ++s) {
    made.q.push_back(random_floats(queries[s] * shape.num_heads * shape.head_dim, random));
    made.k.push_back(random_floats(contexts[s] * shape.num_kv_heads * shape.head_dim, random));
    made.v.push_back(random_floats(contexts[s] * shape.num_kv_heads * shape.head_dim, random));
  }
  const int longest = *std::max_element(contexts.begin(), contexts.end());
  made.shape.num_sequences = static_cast<int>(queries.size());
  made.shape.max_blocks = (longest + kKvBlockTokens - 1) / kKvBlockTokens;
  made.shape.max_queries = *std::max_element(queries.begin(), queries.end());
  return made;
}

/// softmax(q k^T / sqrt(d)) v of one query head, from the plain rows.
std::vector<double> naive_head(const Sequences& data, std::size_t sequence, int query, int head) {
  const int dim = data.shape.head_dim;
  const int kv_head = head / data.shape.group();
  const int seen = data.contexts[sequence] - data.queries[sequence] + query + 1;
  const float* q = data.q[sequence].data() + (query * data.shape.num_heads + head) * dim;
  std::vector<double> numerator(static_cast<std::size_t>(dim), 0.0);
  double denominator = 0;
  for (int token = 0; token < seen; ++token) {
    const int row = (token * data.shape.num_kv_heads + kv_head) * dim;
    double score = 0;
    for (int d = 0; d < dim; ++d) {
      score += double{q[d]} * data.k[sequence][static_cast<std::size_t>(row + d)];
    }
    const double weight = std::exp(score / std::sqrt(dim));
    denominator += weight;
    for (int d = 0; d < dim; ++d) {
      numerator[static_cast<std::size_t>(d)] +=
          weight * data.v[sequence][static_cast<std::size_t>(row + d)];
    }
  }
  for (double& value : numerator) {
    value /= denominator;
  }
  return numerator;
}

/// The same sequences in blocks of shuffled order, NaN wherever no token lies.
struct Paged {
  std::vector<float> q;
  std::vector<float> k;
  std::vector<float> v;
  std::vector<int> block_table;
  std::vector<int> query_starts = {0};
};

Paged paged(const Sequences& data) {
  const PrefillAttentionShape& shape = data.shape;
  const int blocks = shape.num_sequences * shape.max_blocks;
  const auto cache_size =
      static_cast<std::size_t>(blocks * shape.num_kv_heads * kKvBlockTokens * shape.head_dim);
  Paged made;
  made.k.assign(cache_size, std::numeric_limits<float>::quiet_NaN());
  made.v = made.k;
  made.block_table.resize(static_cast<std::size_t>(blocks));
  std::iota(made.block_table.begin(), made.block_table.end(), 0);
  std::shuffle(made.block_table.begin(), made.block_table.end(), std::mt19937(5));
  for (std::size_t s = 0; s < data.q.size(); ++s) {
    made.q.insert(made.q.end(), data.q[s].begin(), data.q[s].end());
    made.query_starts.push_back(made.query_starts.back() + data.queries[s]);
    for (int token = 0; token < data.contexts[s]; ++token) {
      const int block = made.block_table[s * static_cast<std::size_t>(shape.max_blocks) +
                                         static_cast<std::size_t>(token / kKvBlockTokens)];
      for (int head = 0; head < shape.num_kv_heads; ++head) {
        const int from = (token * shape.num_kv_heads + head) * shape.head_dim;
        const int to =
            ((block * shape.num_kv_heads + head) * kKvBlockTokens + token % kKvBlockTokens) *
            shape.head_dim;
        std::copy_n(data.k[s].begin() + from, shape.head_dim, made.k.begin() + to);
        std::copy_n(data.v[s].begin() + from, shape.head_dim, made.v.begin() + to);
      }
    }
  }
  return made;
}

void check_all_heads(const Sequences& data, const std::vector<float>& out) {
  std::size_t element = 0;
  double worst = 0;
  for (std::size_t s = 0; s < data.q.size(); ++s) {
    for (int query = 0; query < data.queries[s]; ++query) {
      for (int head = 0; head < data.shape.num_heads; ++head) {
        for (const double expected : naive_head(data, s, query, head)) {
          worst = std::max(worst, std::abs(out[element++] - expected));
        }
      }
    }
  }
  CHECK(element == out.size());
  CHECK(worst < 1e-6);
}

}  // namespace

TEST_CASE("prefill attention is the plain formula, for chunks behind any past") {
  const std::vector<int> queries = {1, 5, 17, 40, 3};
  const std::vector<int> contexts = {1, 5, 33, 47, 19};
  for (const int group : {1, 3}) {
    const Sequences data = random_sequences(
        {.num_heads = 2 * group, .num_kv_heads = 2, .head_dim = 6}, queries, contexts);
    const Paged made = paged(data);
    std::vector<float> out(made.q.size());
    reference::attention_prefill(
        data.shape,
        PrefillAttentionData<float>{.q = made.q.data(),
                                    .cache = {made.k.data(), made.v.data()},
                                    .block_table = made.block_table.data(),
                                    .query_starts = made.query_starts.data(),
                                    .context_tokens = data.contexts.data(),
                                    .out = out.data()});
    check_all_heads(data, out);
  }
}

TEST_CASE("decode attention in fp32 is the plain formula") {
  const Sequences data =
      random_sequences({.num_heads = 6, .num_kv_heads = 2, .head_dim = 10}, {1, 1, 1}, {1, 16, 35});
  const Paged made = paged(data);
  std::vector<float> out(made.q.size());
  reference::attention_decode({.num_sequences = 3,
                               .num_heads = 6,
                               .num_kv_heads = 2,
                               .head_dim = 10,
                               .max_blocks = data.shape.max_blocks},
                              DecodeAttentionData<float>{.q = made.q.data(),
                                                         .cache = {made.k.data(), made.v.data()},
                                                         .block_table = made.block_table.data(),
                                                         .context_tokens = data.contexts.data(),
                                                         .out = out.data()});
  check_all_heads(data, out);
}
