#pragma once

#include <functional>
#include <memory>

#include "runner/comm/transport.h"
#include "runner/engine/pipeline_rank.h"

namespace hexgen {

/// Makes the backend of a rank, on the rank's own thread; `device` is the rank's in the cluster,
/// `sm_limit` that of its GPU type.
using BackendFactory = std::function<std::unique_ptr<Backend>(int device, int sm_limit)>;

/// Runs the ranks whose transports are given, each on a thread of its own; `body` runs on the
/// driver's, when it is among them, and the other ranks follow it until it returns. A rank that
/// fails ends all others. Throws what failed first; a DeviceError then names rank, stage, device
/// and step.
void run_ranks(const PipelineSetup& setup,
               const std::vector<Transport*>& transports,
               const BackendFactory& make_backend,
               const std::function<void(PipelineRank&)>& body);

/// All ranks of the pipeline in this process. A wait of more than `deadline_s` ends it.
void run_local_pipeline(const PipelineSetup& setup,
                        const BackendFactory& make_backend,
                        double deadline_s,
                        const std::function<void(PipelineRank&)>& body);

}  // namespace hexgen
