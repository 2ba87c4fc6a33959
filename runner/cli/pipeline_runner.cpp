#include "runner/cli/pipeline_runner.h"

#include <cstdlib>

#include "profiles/errors.h"
#include "runner/launch/join_network.h"

namespace hexgen {
namespace {

/// What executors and scheduler are made for; it follows from plan, requests and options.
std::string text_of(const SchedulerLimits& limits) {
  return std::to_string(limits.kv_blocks) + " KV blocks, " + std::to_string(limits.max_requests) +
         " requests, " + std::to_string(limits.max_batch_tokens) + " tokens a batch";
}

std::string text_of(const BackendOptions& backend) {
  return backend.name + ", dtype " + backend.dtype + ", communicator " + backend.communicator;
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3));
}

}  // namespace

PipelineRunner::PipelineRunner(const RunTarget& target,
                               const ProcessOptions& processes,
                               const BackendOptions& backend)
    : target_(target),
      processes_(processes),
      backend_(backend),
      make_backend_(backend_of(backend, target.weight_type)),
      launch_(find_launch(processes.launch, std::getenv)) {
  const std::size_t pipelines = target.plan.pipelines().size();
  if (launch_.num_processes > 1 && pipelines > 1) {
    throw InputError("the plan has " + std::to_string(pipelines) +
                     " pipelines, several processes run one: choose it with --pipeline NAME");
  }
}

void PipelineRunner::run(const PipelineSetup& setup,
                         const std::function<void(PipelineRank&)>& body) const {
  if (launch_.num_processes > 1) {
    run_across_processes(setup, body);
  } else {
    run_local_pipeline(setup, make_backend_, processes_.wait_timeout_s, body);
  }
}

void PipelineRunner::run_across_processes(const PipelineSetup& setup,
                                          const std::function<void(PipelineRank&)>& body) const {
  const std::unique_ptr<ProcessNetwork> network = connect(setup);
  std::vector<std::unique_ptr<Transport>> ends;
  std::vector<Transport*> transports;
  for (const int rank : network->local_ranks()) {
    ends.push_back(network->transport(rank));
    transports.push_back(ends.back().get());
  }
  run_ranks(setup, transports, make_backend_, body);
  network->finish();
}

std::unique_ptr<ProcessNetwork> PipelineRunner::connect(const PipelineSetup& setup) const {
  std::vector<std::string> names;
  for (int rank = 0; rank < num_ranks(setup.pipeline); ++rank) {
    names.push_back(rank_name(setup, rank));
  }
  NetworkTimes times;
  times.receive_deadline = milliseconds_of(processes_.wait_timeout_s);
  return join_network(launch_,
                      lay_out_processes(setup.pipeline, setup.cluster, launch_.num_processes),
                      names,
                      {{"plan", target_.plan_sha256},
                       {"model", target_.model_sha256},
                       {"limits", text_of(setup.limits)},
                       {"backend", text_of(backend_)}},
                      milliseconds_of(processes_.rendezvous_timeout_s),
                      times);
}

}  // namespace hexgen
