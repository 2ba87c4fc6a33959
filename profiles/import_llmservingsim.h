#pragma once

#include <string>

#include "profiles/layer_profile.h"

namespace hexgen {

/// What the files of a profile do not say about themselves.
struct LayerProfileSubject {
  std::string gpu_type;  // name or alias of the catalogue
  std::string model;     // model folder, config.json or name of the catalogue
  int tp_degree = 1;
};

/// Reads the per-layer profile of LLMServingSim 2 (casys-kaist/LLMServingSim, profiler/perf/GPU/
/// MODEL/VARIANT/tpN): dense.csv, per_sequence.csv, attention.csv and, where there is one,
/// skew_fit.csv, in `folder` or in its subfolder layer_profile. Throws InputError naming file and
/// line; profiles of mixtures of experts are refused.
LayerProfile import_llmservingsim(const std::string& folder, const LayerProfileSubject& subject);

}  // namespace hexgen
