#include "kernels/reference/attention_prefill.h"

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/reference/paged_attention.h"

namespace hexgen::kernels::reference {
namespace {

template <typename T>
void attend_sequence(const PrefillAttentionShape& shape,
                     const PrefillAttentionData<T>& data,
                     int sequence) {
  const int begin = data.query_starts[sequence];
  const int end = data.query_starts[sequence + 1];
  for (int query = begin; query < end; ++query) {
    for (int head = 0; head < shape.num_heads; ++head) {
      const PagedContext<T> context = {
          .cache = data.cache,
          .blocks = data.block_table + std::ptrdiff_t{sequence} * shape.max_blocks,
          .num_kv_heads = shape.num_kv_heads,
          .head_dim = shape.head_dim,
          .kv_head = head / shape.group(),
          .tokens = data.context_tokens[sequence] - (end - 1 - query)};
      const std::ptrdiff_t first =
          (std::ptrdiff_t{query} * shape.num_heads + head) * shape.head_dim;
      attend(context, data.q + first, data.out + first);
    }
  }
}

}  // namespace

template <typename T>
void attention_prefill(const PrefillAttentionShape& shape, const PrefillAttentionData<T>& data) {
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    attend_sequence(shape, data, sequence);
  }
}

template void attention_prefill(const PrefillAttentionShape&, const PrefillAttentionData<float>&);
template void attention_prefill(const PrefillAttentionShape&,
                                const PrefillAttentionData<Bfloat16>&);
template void attention_prefill(const PrefillAttentionShape&, const PrefillAttentionData<Float16>&);

}  // namespace hexgen::kernels::reference
