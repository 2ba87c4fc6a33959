#include "runner/cli/run_across_processes.h"

#include "profiles/errors.h"
#include "runner/launch/join_network.h"

namespace hexgen {
namespace {

const PipelineGroup& only_pipeline(const Plan& plan) {
  if (plan.pipelines().size() != 1) {
    throw InputError("the plan has " + std::to_string(plan.pipelines().size()) +
                     " pipelines, several processes run one: choose it with --pipeline NAME");
  }
  return plan.pipelines().front();
}

/// What executors and scheduler are made for; it follows from plan, prompts and options.
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

std::unique_ptr<ProcessNetwork> connect(const RunTarget& target,
                                        const PipelineSetup& setup,
                                        const Launch& launch,
                                        const ProcessOptions& options,
                                        const BackendOptions& backend) {
  std::vector<std::string> names;
  for (int rank = 0; rank < num_ranks(setup.pipeline); ++rank) {
    names.push_back(rank_name(setup, rank));
  }
  NetworkTimes times;
  times.receive_deadline = milliseconds_of(options.wait_timeout_s);
  return join_network(launch,
                      lay_out_processes(setup.pipeline, setup.cluster, launch.num_processes),
                      names,
                      {{"plan", target.plan_sha256},
                       {"model", target.model_sha256},
                       {"limits", text_of(setup.limits)},
                       {"backend", text_of(backend)}},
                      milliseconds_of(options.rendezvous_timeout_s),
                      times);
}

}  // namespace

std::vector<Generation> run_across_processes(
    const RunTarget& target,
    const Launch& launch,
    const ProcessOptions& options,
    const BackendOptions& backend,
    int prefill_chunk_tokens,
    const std::vector<GenerationRequest>& requests,
    const std::function<void(const TokenEvent&)>& on_token) {
  check_requests(requests, target.model);
  const BackendFactory make_backend = backend_of(backend, target.weight_type);
  const PipelineSetup setup =
      pipeline_setup(target, only_pipeline(target.plan), prefill_chunk_tokens, requests);
  const std::unique_ptr<ProcessNetwork> network = connect(target, setup, launch, options, backend);
  std::vector<std::unique_ptr<Transport>> ends;
  std::vector<Transport*> transports;
  for (const int rank : network->local_ranks()) {
    ends.push_back(network->transport(rank));
    transports.push_back(ends.back().get());
  }
  std::vector<Generation> generations;
  run_ranks(setup, transports, make_backend, [&](PipelineRank& driver) {
    generations = generate(driver, setup.limits, requests, on_token);
  });
  network->finish();
  return generations;
}

}  // namespace hexgen
