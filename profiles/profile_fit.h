#pragma once

#include <string>
#include <vector>

#include "profiles/alpha_beta.h"
#include "profiles/catalogue.h"
#include "profiles/cluster.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// GEMMs of at most 16 rows: seconds of overhead, and seconds a byte of weights. Throws InputError.
LinearFit fit_weight_reads(const std::vector<GpuMeasurement>& gpus);

/// Decode attention: seconds of overhead, and seconds a byte of KV cache. Throws InputError.
LinearFit fit_attention(const std::vector<GpuMeasurement>& gpus);

/// What the measured GPUs (all of `type`) reach of the type's data sheet:
///   memory_fraction     from GEMMs of at most 16 rows: time = overhead + weight bytes / bandwidth
///   attention_fraction  from decode attention: time = overhead + KV bytes / bandwidth
///   compute_fraction    from GEMMs of 2048 rows and more: FLOPs / time
///   layer_overhead_s    four GEMM overheads, one of attention, and four empty kernels in a graph
///                       (two norms, RoPE with KV append, activation)
/// The fits minimise relative errors. step_overhead_s stays as it is: nothing here measures it.
/// Throws InputError when timings are too few to tell overhead and bandwidth apart.
GpuEfficiency fit_efficiency(const std::vector<GpuMeasurement>& gpus, const GpuType& type);

/// Link values of the measured machine under the name of `base`: the slowest pair's send as
/// alpha-beta, and all-reduces over all TP degrees as 2 (n-1) latencies and 2 (n-1)/n of the bytes,
/// as the cost model counts them. Throws InputError when the profile has no links.
LinkType fit_link(const MeasuredProfile& profile, const LinkType& base);

/// The cluster with the profile's values in place of the catalogue's: efficiencies and timings of
/// the GPU types that were measured, and the links inside the nodes that have several of them,
/// under a name of their own such as `nvlink4:H200-SXM5-141GB`. GPU types are matched by catalogue
/// name and alias. Applied again, to the cluster of a plan say, it changes no constant, but adds
/// the timings, which plan files do not hold. Throws InputError, naming `file`, when no node of the
/// cluster has a GPU of the profile.
Cluster apply_profile(const Cluster& cluster,
                      const MeasuredProfile& profile,
                      const Catalogue& catalogue,
                      const std::string& file);

}  // namespace hexgen
