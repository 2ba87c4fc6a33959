#pragma once

#include <optional>
#include <string>
#include <vector>

namespace hexgen {

/// How a run departs from what its files say, as the user wrote it; results record it.
struct WhatIf {
  std::vector<std::string> set;      // PATH=VALUE
  std::vector<std::string> fail;     // NODE[:GPU]@SECONDS
  std::vector<std::string> recover;  // NODE[:GPU]@SECONDS
  double restart_s = 0;              // from the return of the last device until the pipeline is up
  std::optional<double> until_s;     // horizon of the simulation
  std::string network = "shared";    // or "exclusive": every transfer has its path to itself
};

}  // namespace hexgen
