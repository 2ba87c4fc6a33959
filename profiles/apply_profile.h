#pragma once

#include <string>

#include "profiles/catalogue.h"
#include "profiles/cluster.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// The cluster with the profile's values in place of the catalogue's: efficiencies and timings of
/// the GPU types that were measured, the links inside the nodes that have several of them, under a
/// name of their own such as `nvlink4:H200-SXM5-141GB`, and the links between nodes of the names
/// that were measured. GPU types are matched by catalogue name and alias; a type with a limit of
/// multiprocessors, which may have any name, by that limit and its compute capability. Applied
/// again, to the cluster of a plan say, it changes no constant, but adds the timings, which plan
/// files do not hold. Throws InputError, naming `file`, when the cluster has nothing that the
/// profile measured.
Cluster apply_profile(const Cluster& cluster,
                      const MeasuredProfile& profile,
                      const Catalogue& catalogue,
                      const std::string& file);

}  // namespace hexgen
