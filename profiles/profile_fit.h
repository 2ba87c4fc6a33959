#pragma once

#include <string>
#include <vector>

#include "profiles/catalogue.h"
#include "profiles/cluster.h"
#include "profiles/measured_profile.h"

namespace hexgen {

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

/// The cluster with the profile's values in place of the catalogue's: efficiencies of the GPU types
/// that were measured, and the links inside the nodes that have several of them, under a name of
/// their own such as `nvlink4:H200-SXM5-141GB`. GPU types are matched by catalogue name and alias.
/// Throws InputError, naming `file`, when no node of the cluster has a GPU of the profile.
Cluster apply_profile(const Cluster& cluster,
                      const MeasuredProfile& profile,
                      const Catalogue& catalogue,
                      const std::string& file);

}  // namespace hexgen
