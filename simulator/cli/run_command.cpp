#include <iostream>
#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "simulator/cli/commands.h"
#include "simulator/cli/inputs.h"
#include "simulator/report_json.h"
#include "simulator/report_text.h"

namespace hexgen {

void run(const RunOptions& options) {
  const LoadedPlan plan = load_plan(options.plan);
  LoadedRequests requests = load_requests(options.requests, options.common.seed);
  SimulationOptions engine = simulation_options(options.engine);
  engine.record_token_gaps = true;
  const MeasurementWindow window = measurement_window(options.requests);
  const ServiceLevel level = make_service_level(requests.slo, plan.file.model);

  const SimulationResult result = simulate(plan.system, *requests.source, engine);
  if (result.requests.empty()) {
    throw InputError(requests.description + ": holds no request");
  }
  const Metrics metrics = measure(plan.system, result, level, window);

  RunSetup setup = {.seed = options.common.seed,
                    .inputs = {plan.input},
                    .arrivals = requests.description,
                    .rate_per_s = arrival_rate_per_s(result),
                    .options = engine};
  setup.inputs.insert(setup.inputs.end(), requests.inputs.begin(), requests.inputs.end());
  const RunReport report = {std::move(setup), plan.system, metrics, requests.slo};
  const std::string json = to_text(report_to_json(report));
  if (!options.requests_out.empty()) {
    write_file(options.requests_out, requests_to_json_lines(plan.system, result));
  }
  if (!options.common.out.empty()) {
    write_file(options.common.out, json);
  }
  if (options.common.json) {
    std::cout << json;
  } else {
    print_report(std::cout, report);
  }
}

}  // namespace hexgen
