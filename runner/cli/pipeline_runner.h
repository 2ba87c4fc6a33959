#pragma once

#include <functional>
#include <memory>

#include "runner/cli/backend_choice.h"
#include "runner/cli/process_options.h"
#include "runner/cli/run_target.h"
#include "runner/comm/process_network.h"
#include "runner/engine/local_pipeline.h"
#include "runner/launch/launch.h"

namespace hexgen {

/// Runs pipelines of a target where they belong: in this process, or, when the launch has several,
/// each rank in the process of its node.
class PipelineRunner {
 public:
  /// The target must outlive it. Throws InputError for a launch or backend that makes no sense, and
  /// for several processes with a plan of more than one pipeline.
  PipelineRunner(const RunTarget& target,
                 const ProcessOptions& processes,
                 const BackendOptions& backend);

  /// This process has the drivers, so it gets the results: there is one such process.
  bool drives() const { return launch_.process == 0; }

  /// Runs `body` on the driver of the pipeline and makes the other ranks follow; without the driver
  /// in this process, only the latter. Throws InputError when the processes differ in plan, model,
  /// weights, limits or backend, DeviceError when one is lost. In one process, threads may call it
  /// at the same time.
  void run(const PipelineSetup& setup, const std::function<void(PipelineRank&)>& body) const;

 private:
  void run_across_processes(const PipelineSetup& setup,
                            const std::function<void(PipelineRank&)>& body) const;
  std::unique_ptr<ProcessNetwork> connect(const PipelineSetup& setup) const;

  const RunTarget& target_;
  ProcessOptions processes_;
  BackendOptions backend_;
  BackendFactory make_backend_;
  Launch launch_;
};

}  // namespace hexgen
