#include "kernels/reference/attention_decode.h"

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/reference/paged_attention.h"

namespace hexgen::kernels::reference {

template <typename T>
void attention_decode(const DecodeAttentionShape& shape, const DecodeAttentionData<T>& data) {
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    for (int head = 0; head < shape.num_heads; ++head) {
      const PagedContext<T> context = {
          .cache = data.cache,
          .blocks = data.block_table + std::ptrdiff_t{sequence} * shape.max_blocks,
          .num_kv_heads = shape.num_kv_heads,
          .head_dim = shape.head_dim,
          .kv_head = head / shape.group(),
          .tokens = data.context_tokens[sequence]};
      const std::ptrdiff_t first =
          (std::ptrdiff_t{sequence} * shape.num_heads + head) * shape.head_dim;
      attend(context, data.q + first, data.out + first);
    }
  }
}

template void attention_decode(const DecodeAttentionShape&, const DecodeAttentionData<float>&);
template void attention_decode(const DecodeAttentionShape&, const DecodeAttentionData<Bfloat16>&);
template void attention_decode(const DecodeAttentionShape&, const DecodeAttentionData<Float16>&);

}  // namespace hexgen::kernels::reference
