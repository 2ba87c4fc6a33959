#include "runner/cli/replay_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/request_report.h"
#include "profiles/errors.h"
#include "profiles/output_files.h"
#include "profiles/program.h"
#include "runner/cli/replay_requests.h"
#include "runner/cli/run_requests.h"
#include "runner/cli/target_options.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

std::int64_t seed_of(const ReplayOptions& options) {
  return static_cast<std::int64_t>(options.target.seed);
}

std::vector<std::string> names_of(const std::vector<PipelineGroup>& pipelines) {
  std::vector<std::string> names;
  for (const PipelineGroup& pipeline : pipelines) {
    names.push_back(pipeline.name);
  }
  return names;
}

std::vector<RequestOutcome> outcomes_of(const std::vector<ReplayRequest>& requests) {
  std::vector<RequestOutcome> outcomes;
  for (const ReplayRequest& request : requests) {
    outcomes.push_back(request.outcome);
  }
  return outcomes;
}

RequestMetrics metrics_of(const RunTarget& target,
                          const std::vector<ReplayRequest>& requests,
                          const ServiceLevel& level,
                          const MeasurementWindow& window) {
  std::vector<double> gaps_s;
  double end_s = 0;
  for (const ReplayRequest& request : requests) {
    gaps_s.insert(gaps_s.end(), request.token_gaps_s.begin(), request.token_gaps_s.end());
    end_s = std::max(end_s, request.outcome.last_token_s());
  }
  RequestMetrics metrics =
      measure_requests(names_of(target.all_pipelines), outcomes_of(requests), end_s, level, window);
  metrics.itl = distribution_of(std::move(gaps_s));
  return metrics;
}

/// The pipelines that were run, with the number of requests that each served.
ordered_json pipelines_json(const RunTarget& target, const std::vector<ReplayRequest>& requests) {
  ordered_json list = ordered_json::array();
  for (const PipelineGroup& pipeline : target.plan.pipelines()) {
    const auto index = static_cast<int>(*pipeline_index(target.all_pipelines, pipeline.name));
    const auto served =
        std::count_if(requests.begin(), requests.end(), [index](const ReplayRequest& request) {
          return request.outcome.replica == index;
        });
    list.push_back({{"name", pipeline.name}, {"requests", served}});
  }
  return list;
}

ordered_json report_json(const ReplayOptions& options,
                         const RunTarget& target,
                         const LoadedRequests& loaded,
                         const std::vector<ReplayRequest>& requests,
                         const RequestMetrics& metrics) {
  ordered_json report = {{"format", "hexgen.replay/1"},
                         {"provenance",
                          provenance_to_json({.tool = "hexgen-run " + version(),
                                              .commit = git_commit(),
                                              .seed = seed_of(options),
                                              .inputs = loaded.inputs})},
                         {"arrivals", loaded.description},
                         {"model", target.model.name},
                         {"plan", options.target.plan},
                         {"pipelines", pipelines_json(target, requests)},
                         {"backend", options.backend.name},
                         {"dtype", dtype_name(options.backend, target.weight_type)},
                         {"max_batched_tokens", options.prefill_chunk_tokens},
                         {"percentile_method", "nearest rank"},
                         {"request_rate", arrival_rate_per_s(outcomes_of(requests))},
                         {"slo", slo_to_json(loaded.slo)}};
  report.update(request_metrics_to_json(metrics));
  return report;
}

void write_requests(const RunTarget& target,
                    const std::vector<ReplayRequest>& requests,
                    std::ostream& out) {
  for (const ReplayRequest& request : requests) {
    const RequestOutcome& outcome = request.outcome;
    const std::string pipeline =
        outcome.completed() ? target.all_pipelines[static_cast<std::size_t>(outcome.replica)].name
                            : "";
    out << request_to_json(request.index, outcome, pipeline).dump() << '\n';
  }
}

std::vector<ReplayRequest> requests_of(const RunTarget& target, const LoadedRequests& loaded) {
  std::vector<ReplayRequest> requests = route_requests(target, draw_requests(*loaded.source));
  if (requests.empty()) {
    throw InputError(loaded.description + ": holds no request for these pipelines");
  }
  return requests;
}

void add_request_options(CLI::App& app, RequestOptions& options) {
  auto* workload = app.add_option(
      "--workload", options.workload, "Workload file, or a built-in name such as hexgen-128");
  app.add_option("--trace", options.trace, "KIND:FILE, as hexgen-sim reads it")->excludes(workload);
  app.add_option("--rate",
                 options.rate_per_s,
                 "Requests a second, in place of the workload's; stretches a trace");
  app.add_option("--arrivals",
                 options.arrivals,
                 "Arrival process in place of the workload's or the trace's own: poisson, "
                 "gamma:SHAPE, uniform or all-at-once");
  app.add_option("--num-requests", options.num_requests, "Requests to draw, or first of a trace")
      ->check(CLI::PositiveNumber);
  app.add_option("--slo",
                 options.slo,
                 "Limits in place of the workload's: ttft:MS tpot:MS e2el:MS, scale:X, or "
                 "mlperf:llama2-70b");
  app.add_option("--warmup", options.warmup, "Share of the requests that is served, not counted")
      ->capture_default_str();
}

}  // namespace

void add_replay_options(CLI::App& app, ReplayOptions& options) {
  add_target_options(app, options.target, options.backend);
  add_process_options(app, options.processes);
  add_request_options(app, options.requests);
  app.add_option("--prefill-chunk",
                 options.prefill_chunk_tokens,
                 "Tokens of one step at most; hexgen-sim's --max-batched-tokens")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--out", options.out_path, "Report; standard output without it")
      ->type_name("FILE");
  app.add_option("--requests",
                 options.requests_out_path,
                 "File for one line of JSON a request, written complete or not at all")
      ->type_name("FILE");
}

void run_replay(const ReplayOptions& options, std::ostream& out, std::ostream& progress) {
  const RunTarget target = load_target(options.target);
  const PipelineRunner runner(target, options.processes, options.backend);
  const LoadedRequests loaded = load_requests(options.requests, seed_of(options));
  const MeasurementWindow window = measurement_window(options.requests);
  const ServiceLevel level = make_service_level(loaded.slo, target.model);
  std::vector<ReplayRequest> requests = requests_of(target, loaded);
  OutputFiles files;
  std::ostream* report = runner.drives() ? files.open(options.out_path) : nullptr;
  std::ostream* lines = runner.drives() ? files.open(options.requests_out_path) : nullptr;
  progress << "replaying " << requests.size() << " requests, the last after "
           << requests.back().outcome.arrival_s() << " s\n";
  replay_requests(target, runner, options.prefill_chunk_tokens, requests);
  if (!runner.drives()) {
    return;
  }
  const RequestMetrics metrics = metrics_of(target, requests, level, window);
  (report != nullptr ? *report : out)
      << report_json(options, target, loaded, requests, metrics).dump(2) << '\n';
  if (lines != nullptr) {
    write_requests(target, requests, *lines);
  }
  files.complete();
}

}  // namespace hexgen
