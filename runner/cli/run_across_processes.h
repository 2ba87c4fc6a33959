#pragma once

#include <functional>
#include <vector>

#include "runner/cli/backend_choice.h"
#include "runner/cli/process_options.h"
#include "runner/cli/run_requests.h"

namespace hexgen {

/// run_requests() as one of several processes. The plan must have one pipeline; each process runs
/// the ranks on its node. Process 0 gets tokens and results, the others get none. Throws InputError
/// when the processes differ in plan, model, weights, limits or backend, DeviceError when one is
/// lost.
std::vector<Generation> run_across_processes(
    const RunTarget& target,
    const Launch& launch,
    const ProcessOptions& options,
    const BackendOptions& backend,
    int prefill_chunk_tokens,
    const std::vector<GenerationRequest>& requests,
    const std::function<void(const TokenEvent&)>& on_token);

}  // namespace hexgen
