#pragma once

#include <string>

#include "runner/cli/backend_choice.h"
#include "runner/cli/run_target.h"

namespace CLI {
class App;
}

namespace hexgen {

/// --plan, --pipeline, --model, --random-weights, --seed, --backend, --dtype and --communicator.
void add_target_options(CLI::App& app, TargetOptions& target, BackendOptions& backend);

}  // namespace hexgen
