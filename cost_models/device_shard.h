#pragma once

#include "cost_models/index_range.h"
#include "cost_models/plan.h"
#include "cost_models/stage_cost.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// What one device of a stage holds. Norms are held by every device; everything else is cut by
/// heads (q, k, v, o), FFN columns (gate, up, down) or rows of the vocabulary (embedding, LM head).
struct DeviceShard {
  StagePosition position;
  IndexRange layers;
  IndexRange heads;
  IndexRange kv_heads;
  IndexRange ffn_columns;
  IndexRange embedding_rows;  // first stage only
  IndexRange lm_head_rows;    // last stage only
};

/// The shard of device `rank` of a stage: ranges in proportion to the stage's shares, even ones
/// where it has none, at least one item each. With at most as many devices as KV heads, KV heads
/// are cut and query heads follow theirs; with more, each device holds one KV head and the devices
/// that share it cut its query heads. Throws InputError when tp_degree exceeds the query heads.
DeviceShard make_shard(const ModelSpec& model,
                       const Stage& stage,
                       StagePosition position,
                       int rank);

/// A tied embedding is counted once when the stage is both first and last. With even
/// shares device 0 of a stage holds most: its bytes are the weight_bytes of cost_models/memory.h.
double shard_weight_bytes(const ModelSpec& model, const DeviceShard& shard);

/// What both shards hold of the same model: a device that has one and is to have the other need not
/// load it. A tied embedding counts as embedding where it serves as LM head in the other one.
DeviceShard common_part(const DeviceShard& a, const DeviceShard& b);

/// Bytes of KV cache that one token takes on this device.
double shard_kv_bytes_per_token(const ModelSpec& model, const DeviceShard& shard);

}  // namespace hexgen
