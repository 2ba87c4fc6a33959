#include <tbb/global_control.h>
#include <tbb/info.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/output_files.h"
#include "simulator/cli/commands.h"
#include "simulator/cli/inputs.h"
#include "simulator/cli/plan_input.h"
#include "simulator/cli/profiles.h"
#include "simulator/html/sweep_page.h"
#include "simulator/progress.h"
#include "simulator/report_json.h"
#include "simulator/sweep_report.h"

namespace hexgen {
namespace {

SweepGrid sweep_grid(const SweepOptions& options, double own_rate_per_s, const Slo& slo) {
  if (options.rates.empty() && options.slo_scales.empty()) {
    throw InputError("expected --rates, --slo-scales or both");
  }
  SweepGrid grid = {.rates_per_s = {own_rate_per_s}, .slo_scales = {}, .target = options.target};
  if (!options.rates.empty()) {
    grid.rates_per_s = parse_numbers(options.rates, "--rates");
  }
  if (!options.slo_scales.empty()) {
    grid.slo_scales = parse_numbers(options.slo_scales, "--slo-scales");
  } else if (slo.scale) {
    grid.slo_scales = {*slo.scale};
  }
  return grid;
}

double rate_of(const std::vector<RequestSpec>& requests, const std::string& description) {
  const double span_s =
      requests.empty() ? 0 : requests.back().arrival_s - requests.front().arrival_s;
  if (!(span_s > 0)) {
    throw InputError(description + ": has no request rate to sweep, all requests arrive at once");
  }
  return static_cast<double>(requests.size() - 1) / span_s;
}

}  // namespace

void sweep(const SweepOptions& options) {
  const Edits edits = parse_edits(options.what_if);
  LoadedPlan plan = load_plan(options.plan, options.what_if, edits);
  std::vector<LoadedProfile> profiles = load_profiles(options.engine.profiles);
  use_profiles(profiles, options.what_if, plan);
  check_all_used(profiles);
  LoadedRequests requests = load_requests(options.requests, options.common.seed, edits);
  const SimulationOptions engine = simulation_options(options.engine, options.what_if, edits);
  const MeasurementWindow window = measurement_window(options.requests);
  const std::vector<RequestSpec> drawn = draw_requests(*requests.source);
  const double own_rate_per_s = rate_of(drawn, requests.description);
  const SweepGrid grid = sweep_grid(options, own_rate_per_s, requests.slo);
  Slo slo = requests.slo;
  if (!grid.slo_scales.empty()) {
    slo.scale = slo.scale.value_or(grid.slo_scales.front());
  }
  const LoadTest test(
      drawn, own_rate_per_s, make_service_level(slo, plan.file.model), engine, window);

  OutputFiles files;
  std::ostream* out = files.open(options.common.out);
  std::ostream* html_out = files.open(options.html_out);
  const auto threads = options.common.threads > 0
                           ? static_cast<std::size_t>(options.common.threads)
                           : static_cast<std::size_t>(tbb::info::default_concurrency());
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  const std::size_t parts =
      grid.rates_per_s.size() + std::max<std::size_t>(1, grid.slo_scales.size());
  Progress progress("sweep", parts, options.common.quiet);
  const SweepResult result = sweep(plan.system, test, grid, [&progress] { progress.advance(); });

  RunSetup setup = {.seed = options.common.seed,
                    .inputs = {plan.input},
                    .arrivals = requests.description,
                    .options = engine,
                    .what_if = options.what_if};
  setup.inputs.insert(setup.inputs.end(), requests.inputs.begin(), requests.inputs.end());
  add_inputs(profiles, setup.inputs);
  const SweepReport report = {std::move(setup), grid, result, slo};
  const std::string json = to_text(sweep_to_json(report));
  if (out != nullptr) {
    *out << json;
  }
  if (html_out != nullptr) {
    *html_out << html::sweep_page(report, plan.file);
  }
  files.complete();
  if (options.common.json) {
    std::cout << json;
  } else {
    print_sweep(std::cout, report);
  }
}

}  // namespace hexgen
