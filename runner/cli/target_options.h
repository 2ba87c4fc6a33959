#pragma once

#include <string>

#include "runner/cli/run_target.h"

namespace CLI {
class App;
}

namespace hexgen {

/// --plan, --pipeline, --model, --random-weights, --seed and --backend.
void add_target_options(CLI::App& app, TargetOptions& target, std::string& backend);

}  // namespace hexgen
