#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cost_models/plan_text.h"
#include "profiles/errors.h"
#include "profiles/output_files.h"
#include "simulator/chrome_trace.h"
#include "simulator/cli/commands.h"
#include "simulator/cli/inputs.h"
#include "simulator/cli/plan_input.h"
#include "simulator/cli/profiles.h"
#include "simulator/html/run_page.h"
#include "simulator/report_json.h"
#include "simulator/report_text.h"

namespace hexgen {
namespace {

constexpr double kLongestTimeline_s = 1e9;

SimTime timeline_time(const char* option, const std::optional<double>& seconds, SimTime otherwise) {
  if (!seconds) {
    return otherwise;
  }
  if (!(*seconds >= 0 && *seconds <= kLongestTimeline_s)) {
    throw InputError(std::string(option) + ": " + std::to_string(*seconds) +
                     " is not a time from 0 to 1e9 s");
  }
  return to_sim_time(*seconds);
}

TimelineWindow timeline_window(const RunOptions& options) {
  const TimelineWindow window = {
      .from = timeline_time("--timeline-from", options.timeline_from_s, 0),
      .to = timeline_time("--timeline-to", options.timeline_to_s, kEndOfTime)};
  if (window.from > window.to) {
    throw InputError("--timeline-from: " + std::to_string(*options.timeline_from_s) +
                     " is after --timeline-to " + std::to_string(*options.timeline_to_s));
  }
  return window;
}

std::vector<TimelinePipeline> timeline_pipelines(const PlanFile& file) {
  std::vector<TimelinePipeline> pipelines;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    pipelines.push_back({.name = pipeline.name, .stages = {}});
    for (const Stage& stage : pipeline.stages) {
      pipelines.back().stages.push_back("stage " + std::to_string(pipelines.back().stages.size()) +
                                        ": " + gpus_of(file.cluster, stage) + ", layers " +
                                        std::to_string(stage.first_layer) + "-" +
                                        std::to_string(stage.first_layer + stage.num_layers - 1));
    }
  }
  return pipelines;
}

RunSetup run_setup(const RunOptions& options,
                   const LoadedPlan& plan,
                   const LoadedRequests& requests,
                   const SimulationOptions& engine) {
  RunSetup setup = {.seed = options.common.seed,
                    .inputs = {plan.input},
                    .arrivals = requests.description,
                    .options = engine,
                    .what_if = options.what_if};
  setup.inputs.insert(setup.inputs.end(), requests.inputs.begin(), requests.inputs.end());
  return setup;
}

/// The files of a run, opened before it begins; null for those not asked for.
struct RunFiles {
  explicit RunFiles(const RunOptions& options)
      : report(files.open(options.common.out)),
        requests(files.open(options.requests_out)),
        html(files.open(options.html_out)),
        timeline(files.open(options.timeline_out)) {}

  OutputFiles files;
  std::ostream* report;
  std::ostream* requests;
  std::ostream* html;
  std::ostream* timeline;
};

void write(RunFiles& files,
           const RunReport& report,
           const SimulationResult& result,
           const LatencyCurves& curves,
           const PlanFile& plan) {
  if (files.report != nullptr) {
    *files.report << to_text(report_to_json(report));
  }
  if (files.requests != nullptr) {
    write_requests(*files.requests, report.system, result);
  }
  if (files.html != nullptr) {
    *files.html << html::run_page(report, curves, plan);
  }
  files.files.complete();
}

}  // namespace

void run(const RunOptions& options) {
  const Edits edits = parse_edits(options.what_if);
  LoadedPlan plan = load_plan(options.plan, options.what_if, edits);
  std::vector<LoadedProfile> profiles = load_profiles(options.engine.profiles);
  use_profiles(profiles, options.what_if, plan);
  check_all_used(profiles);
  LoadedRequests requests = load_requests(options.requests, options.common.seed, edits);
  SimulationOptions engine = simulation_options(options.engine, options.what_if, edits);
  engine.record_token_gaps = true;
  const MeasurementWindow window = measurement_window(options.requests);
  const ServiceLevel level = make_service_level(requests.slo, plan.file.model);
  const TimelineWindow shown = timeline_window(options);

  RunFiles files(options);
  SeriesRecorder recorder(plan.system);
  ObserverList observers;
  observers.add(recorder);
  std::optional<ChromeTraceWriter> timeline;
  if (files.timeline != nullptr) {
    timeline.emplace(*files.timeline, timeline_pipelines(plan.file), shown);
    observers.add(*timeline);
  }
  const SimulationResult result = simulate(plan.system, *requests.source, engine, &observers);
  if (result.requests.empty()) {
    throw InputError(requests.description + ": holds no request");
  }
  const Metrics metrics = measure(plan.system, result, level, window);
  const TimeSeries series = recorder.series(plan.system, engine, result);
  RunSetup setup = run_setup(options, plan, requests, engine);
  setup.rate_per_s = arrival_rate_per_s(result.requests);
  add_inputs(profiles, setup.inputs);
  const RunReport report = {std::move(setup), plan.system, metrics, requests.slo, series};

  if (timeline) {
    timeline->finish();
  }
  write(files, report, result, latency_curves(result, level, window), plan.file);
  if (options.common.json) {
    std::cout << to_text(report_to_json(report));
  } else {
    print_report(std::cout, report);
  }
}

}  // namespace hexgen
