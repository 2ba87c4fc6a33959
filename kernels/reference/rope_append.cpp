#include "kernels/reference/rope_append.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen::kernels::reference {
namespace {

template <typename T>
std::vector<float> biased_head(const T* head, const T* bias, int head_dim) {
  std::vector<float> values;
  for (int i = 0; i < head_dim; ++i) {
    values.push_back(to_float(head[i]) + (bias == nullptr ? 0.0F : to_float(bias[i])));
  }
  return values;
}

template <typename T>
void normalise(std::vector<float>& head, const T* weight, float epsilon) {
  double squares = 0;
  for (const float value : head) {
    squares += double{value} * value;
  }
  const double mean = squares / static_cast<double>(head.size());
  const auto scale = static_cast<float>(1 / std::sqrt(mean + epsilon));
  for (std::size_t i = 0; i < head.size(); ++i) {
    head[i] *= scale * to_float(weight[i]);
  }
}

void rotate(std::vector<float>& head, const float* inverse_frequencies, int position) {
  const std::size_t half = head.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * inverse_frequencies[i];
    const float cos = std::cos(angle);
    const float sin = std::sin(angle);
    const float first = head[i];
    const float second = head[i + half];
    head[i] = first * cos - second * sin;
    head[i + half] = second * cos + first * sin;
  }
}

template <typename T>
void write(const std::vector<float>& head, T* out) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    store(head[i], out[i]);
  }
}

/// Element of the cache at which the row of a slot begins.
std::ptrdiff_t cache_row(const RopeAppendShape& shape, int slot, int kv_head) {
  const std::ptrdiff_t block = slot / kKvBlockTokens;
  return ((block * shape.num_kv_heads + kv_head) * kKvBlockTokens + slot % kKvBlockTokens) *
         shape.head_dim;
}

/// Head `index` of the row of a token: of q, then of k, then of v.
template <typename T>
void append_head(const RopeAppendShape& shape,
                 const RopeAppendData<T>& data,
                 int token,
                 int index) {
  const std::ptrdiff_t in_row = std::ptrdiff_t{index} * shape.head_dim;
  const T* source = data.qkv + std::ptrdiff_t{token} * shape.row_heads() * shape.head_dim + in_row;
  const T* bias = data.bias == nullptr ? nullptr : data.bias + in_row;
  std::vector<float> head = biased_head(source, bias, shape.head_dim);
  const int kv_head = (index - shape.num_heads) % shape.num_kv_heads;
  const bool is_q = index < shape.num_heads;
  const bool is_v = index >= shape.num_heads + shape.num_kv_heads;
  const T* norm = is_q ? data.q_norm : data.k_norm;
  if (!is_v && norm != nullptr) {
    normalise(head, norm, shape.epsilon);
  }
  if (!is_v) {
    rotate(head, data.inverse_frequencies, data.positions[token]);
  }
  if (is_q) {
    write(head, data.q + (std::ptrdiff_t{token} * shape.num_heads + index) * shape.head_dim);
  } else if (data.slots[token] != kNoSlot) {
    write(head,
          (is_v ? data.cache.v : data.cache.k) + cache_row(shape, data.slots[token], kv_head));
  }
}

}  // namespace

template <typename T>
void rope_append(const RopeAppendShape& shape, const RopeAppendData<T>& data) {
  for (int token = 0; token < shape.num_tokens; ++token) {
    for (int index = 0; index < shape.row_heads(); ++index) {
      append_head(shape, data, token, index);
    }
  }
}

template void rope_append(const RopeAppendShape&, const RopeAppendData<float>&);
template void rope_append(const RopeAppendShape&, const RopeAppendData<Bfloat16>&);
template void rope_append(const RopeAppendShape&, const RopeAppendData<Float16>&);

}  // namespace hexgen::kernels::reference
