#include <iostream>
#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/output_files.h"
#include "simulator/cli/commands.h"
#include "simulator/cli/inputs.h"
#include "simulator/cli/plan_input.h"
#include "simulator/cli/profiles.h"
#include "simulator/compare_report.h"
#include "simulator/html/comparison_page.h"
#include "simulator/progress.h"
#include "simulator/report_json.h"

namespace hexgen {

void compare(const CompareOptions& options) {
  const Edits edits = parse_edits(options.what_if);
  LoadedRequests requests = load_requests(options.requests, options.common.seed, edits);
  const std::vector<RequestSpec> drawn = draw_requests(*requests.source);
  if (drawn.empty()) {
    throw InputError(requests.description + ": holds no request");
  }
  RunSetup setup = {.seed = options.common.seed,
                    .inputs = requests.inputs,
                    .arrivals = requests.description,
                    .options = simulation_options(options.engine, options.what_if, edits),
                    .what_if = options.what_if};
  const MeasurementWindow window = measurement_window(options.requests);

  std::vector<LoadedProfile> profiles = load_profiles(options.engine.profiles);
  OutputFiles files;
  std::ostream* out = files.open(options.common.out);
  std::ostream* html_out = files.open(options.html_out);
  Progress progress("compare", options.plans.size(), options.common.quiet);
  std::vector<ComparedPlan> plans;
  SimulationResult baseline;
  for (const std::string& path : options.plans) {
    LoadedPlan plan = load_plan(path, options.what_if, edits);
    use_profiles(profiles, options.what_if, plan);
    const ServiceLevel level = make_service_level(requests.slo, plan.file.model);
    SimulationResult result = simulate(plan.system, *replay_arrivals(drawn), setup.options);
    if (plans.empty()) {
      baseline = result;
      setup.rate_per_s = arrival_rate_per_s(baseline.requests);
    }
    plans.push_back(
        {.name = plan.input.name,
         .metrics = measure(plan.system, result, level, window),
         .difference = compare_e2e(baseline, result, window.first_request(result.requests.size())),
         .curves = latency_curves(result, level, window)});
    setup.inputs.push_back(plan.input);
    progress.advance();
  }
  check_all_used(profiles);
  add_inputs(profiles, setup.inputs);

  const std::string json = to_text(comparison_to_json(setup, plans, requests.slo));
  if (out != nullptr) {
    *out << json;
  }
  if (html_out != nullptr) {
    *html_out << html::comparison_page(setup, plans, requests.slo);
  }
  files.complete();
  if (options.common.json) {
    std::cout << json;
  } else {
    print_comparison(std::cout, plans, requests.slo);
  }
}

}  // namespace hexgen
