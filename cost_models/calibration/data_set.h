#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cost_models/stage_cost.h"
#include "profiles/cluster.h"
#include "profiles/gpu_type.h"

namespace hexgen {

/// What calibration may change: the achievable fractions and overheads of a GPU type, and the
/// collective and transfer constants of a link type.
struct Constants {
  GpuEfficiency gpu;
  LinkType link;
};

/// Public measurements of one kind on one machine, and what the cost model says about them.
struct DataSet {
  std::string source;  // the project that published them
  std::string what;    // operator class: "GEMM", "layer", "all-reduce >= 1 MiB", "TPOT ..."
  bool fitted = true;  // false: reported only
  std::vector<double> measured_s;
  std::vector<double>
      size;  // tokens or bytes of each row; a fit gives every octave of it one voice
  /// One time a row, in the order of measured_s.
  std::function<std::vector<double>(const Constants&)> predict_s;
};

/// Cost of `num_layers` middle layers (or, with `position`, an end of the model) on `tp_degree`
/// GPUs of one node that has these constants.
StageCost cost_with(const Constants& constants,
                    const ModelSpec& model,
                    GpuType gpu,
                    int tp_degree,
                    int num_layers,
                    StagePosition position = {.first = false, .last = false});

}  // namespace hexgen
