#pragma once

#include "cost_models/device_shard.h"
#include "profiles/model_spec.h"
#include "runner/engine/pipeline_setup.h"

namespace hexgen {

/// The speed of a device at the two things that bound a model: reading and multiplying.
struct Ceilings {
  double read_bytes_per_s = 0;
  double gemm_flops_per_s = 0;  // bf16, 8192 x 8192 x 8192
};

/// Bytes that a device reads in a decode step at the least: its weights once, but for the embedding
/// table, of which it reads a row a sequence, and the KV cache of `cached_tokens`.
double decode_step_bytes(const ModelSpec& model, const DeviceShard& shard, double cached_tokens);

/// Floating-point operations of a prompt on a device: two for each weight of a matrix and each
/// token, causal attention, and the LM head for the last token alone.
double prefill_flops(const ModelSpec& model, const DeviceShard& shard, int prompt_tokens);

/// Time that a pipeline needs at the least: stage after stage, each as fast as its most loaded
/// device.
double decode_step_floor_s(const PipelineSetup& setup,
                           double cached_tokens,
                           const Ceilings& ceilings);
double prefill_floor_s(const PipelineSetup& setup, int prompt_tokens, const Ceilings& ceilings);

/// Reads and multiplies random data on the GPU. Throws DeviceError, where hexgen was built without
/// CUDA in any case.
Ceilings measure_ceilings(int gpu);

}  // namespace hexgen
