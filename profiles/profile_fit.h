#pragma once

#include <string>
#include <vector>

#include "profiles/alpha_beta.h"
#include "profiles/cluster.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// GEMMs of at most 16 rows: seconds of overhead, and seconds a byte of weights. Throws InputError.
LinearFit fit_weight_reads(const std::vector<GpuMeasurement>& gpus);

/// Decode attention: seconds of overhead, and seconds a byte of KV cache. Throws InputError.
LinearFit fit_attention(const std::vector<GpuMeasurement>& gpus);

/// Norms, RoPE and activation of one layer: seconds of overhead, and seconds a byte. Throws
/// InputError.
LinearFit fit_elementwise(const std::vector<GpuMeasurement>& gpus);

/// Prefill attention: seconds of overhead, and seconds a FLOP. Throws InputError.
LinearFit fit_prefill_attention(const std::vector<GpuMeasurement>& gpus);

/// What the measured GPUs (all of `type`) reach of the type's data sheet:
///   memory_fraction     from GEMMs of at most 16 rows: time = overhead + weight bytes / bandwidth
///   attention_fraction  from decode attention: time = overhead + KV bytes / bandwidth
///   compute_fraction    from GEMMs of 2048 rows and more: FLOPs / time
///   layer_overhead_s    the overheads of four GEMMs, of attention, and of norms, RoPE with KV
///                       append and activation together (four empty kernels in a graph where those
///                       were not measured)
///   step_overhead_s     a decode step of a tiny model less its layers, where that was measured
/// The fits minimise relative errors. Fractions end at 1, as files have them: a part of a GPU may
/// reach more than its made-up data sheet says.
/// Throws InputError when timings are too few to tell overhead and bandwidth apart.
GpuEfficiency fit_efficiency(const std::vector<GpuMeasurement>& gpus, const GpuType& type);

/// Link values of the measured machine under the name of `base`, over the communicators that were
/// chosen: the slowest pair's send as alpha-beta, and all-reduces over all TP degrees as 2 (n-1)
/// latencies and 2 (n-1)/n of the bytes, as the cost model counts them. Throws InputError when the
/// profile has no links.
LinkType fit_link(const MeasuredProfile& profile, const LinkType& base);

}  // namespace hexgen
