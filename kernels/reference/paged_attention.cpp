#include "kernels/reference/paged_attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {
namespace {

template <typename T>
double dot(const T* a, const T* b, int count) {
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

}  // namespace

template <typename T>
void attend(const PagedContext<T>& context, const T* q, T* out) {
  std::fill_n(out, context.head_dim, T{});
  if (context.tokens == 0) {
    return;
  }
  const double scale = 1 / std::sqrt(static_cast<double>(context.head_dim));
  std::vector<double> weights;
  for (int token = 0; token < context.tokens; ++token) {
    weights.push_back(scale * dot(q, context.cache.k + context.row(token), context.head_dim));
  }
  const double sum = exponentiate(weights);
  std::vector<double> value(static_cast<std::size_t>(context.head_dim), 0.0);
  for (int token = 0; token < context.tokens; ++token) {
    const T* v = context.cache.v + context.row(token);
    const double weight = weights[static_cast<std::size_t>(token)];
    for (std::size_t d = 0; d < value.size(); ++d) {
      value[d] += weight * double{to_float(v[d])};
    }
  }
  for (std::size_t d = 0; d < value.size(); ++d) {
    store(static_cast<float>(value[d] / sum), out[d]);
  }
}

template void attend(const PagedContext<float>&, const float*, float*);
template void attend(const PagedContext<Bfloat16>&, const Bfloat16*, Bfloat16*);
template void attend(const PagedContext<Float16>&, const Float16*, Float16*);

}  // namespace hexgen::kernels::reference
