#include "planner/planning_inputs.h"

#include <algorithm>

#include "profiles/any_profile.h"
#include "profiles/apply_profile.h"
#include "profiles/catalogue.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/model_config.h"
#include "profiles/names.h"
#include "profiles/workload_json.h"

namespace hexgen {
namespace {

bool needs_reference(const Workload& workload, ObjectiveKind objective) {
  return workload.slo.scale || objective == ObjectiveKind::kDeadline;
}

std::vector<StageCost> reference_of(const Workload& workload,
                                    const ModelSpec& model,
                                    const Catalogue& catalogue) {
  const ReferenceDeployment& reference = workload.slo.reference;
  const Cluster cluster =
      one_node_cluster(catalogue, reference.gpu_type, reference.tp_degree * reference.num_stages);
  return reference_stages(model, cluster, reference.tp_degree, reference.num_stages);
}

LayoutRule layout_rule(const SearchOptions& options) {
  if (options.algorithm == SearchAlgorithm::kReleasedRepaired) {
    return LayoutRule::kUniform;
  }
  switch (options.restriction) {
    case Restriction::kSymmetric:
      return LayoutRule::kSymmetric;
    case Restriction::kMemoryProportional:
      return LayoutRule::kProportional;
    default:
      return LayoutRule::kFree;
  }
}

/// Refuses a profile that no stage of any plan could take its times from.
void check_fits(const LayerProfile& profile,
                const PlanningRequest& request,
                const std::string& path) {
  const auto& nodes = request.cluster.nodes();
  const bool has_gpus = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
    const GpuType& gpu = request.cluster.gpu_types()[static_cast<std::size_t>(node.gpu_type)];
    return node.gpus >= profile.tp_degree && equal_ignoring_case(gpu.name, profile.gpu_type);
  });
  if (!has_gpus || !equal_ignoring_case(profile.model, request.model.name)) {
    throw InputError(path + ": is of " + subject_of(profile) + ", expected one of " +
                     request.model.name + " that fits a node of cluster " + request.cluster.name());
  }
  if (request.tables.find(profile.model, profile.gpu_type, profile.tp_degree) != nullptr) {
    throw InputError(path + ": is of " + subject_of(profile) + ", as another profile is already");
  }
}

}  // namespace

PlanningInputs load_planning_inputs(const SearchOptions& options) {
  PlanningInputs inputs = {.model = load_model_file(options.model),
                           .cluster = load_cluster_file(options.cluster),
                           .workload = load_workload_file(options.workload)};
  for (const std::string& path : options.profiles) {
    inputs.profiles.push_back(
        {.role = "profile", .name = path, .label = path, .text = read_file(path)});
  }
  return inputs;
}

PlanningRequest planning_request(const SearchOptions& options,
                                 ModelSpec model,
                                 Cluster cluster,
                                 const InputFile& workload_file) {
  PlanningRequest request = {
      .model = std::move(model),
      .cluster = std::move(cluster),
      .workload = parse_workload(workload_file),
      .objective = options.objective,
      .layouts = layout_rule(options),
      .groups = {.single_type = options.restriction == Restriction::kSingleType,
                 .single_region = options.within_region},
      .tp_degrees = options.tp_degrees,
      .constraints = {.max_price_per_hour = options.budget_per_hour,
                      .min_pipelines = options.min_pipelines},
      .max_batch = options.max_batch,
      .memory = {.max_sequences = options.max_batch}};
  Workload& workload = request.workload;
  if (!options.slo.empty()) {
    workload.slo = parse_slo(options.slo, workload.slo);
  }
  workload.arrivals.rate_per_s = options.rate_per_s.value_or(workload.arrivals.rate_per_s);
  workload.arrivals.requests = std::min(workload.arrivals.requests, options.requests);
  request.requests =
      draw_requests(*generate_arrivals(workload, options.workload_seed.value_or(options.seed)));
  if (needs_reference(workload, options.objective)) {
    request.reference_stages = reference_of(workload, request.model, Catalogue::builtin());
  }
  request.simulation.policy = options.policy;
  request.simulation.router = options.router;
  return request;
}

PlanningRequest planning_request(const SearchOptions& options, const PlanningInputs& inputs) {
  Cluster cluster = without_nodes(parse_cluster(inputs.cluster), options.excluded_nodes);
  const Catalogue catalogue = Catalogue::builtin();
  std::vector<std::pair<std::string, LayerProfile>> layers;
  for (const std::string& path : options.profiles) {
    const AnyProfile profile = read_any_profile(path);
    if (const auto* machine = std::get_if<MeasuredProfile>(&profile)) {
      cluster = apply_profile(cluster, *machine, catalogue, path);
    } else {
      layers.emplace_back(path, std::get<LayerProfile>(profile));
    }
  }
  PlanningRequest request =
      planning_request(options, parse_model(inputs.model), std::move(cluster), inputs.workload);
  for (const auto& [path, profile] : layers) {
    check_fits(profile, request, path);
    request.tables.add(profile);
  }
  return request;
}

SearchSettings search_settings(const SearchOptions& options) {
  SearchSettings settings = {.seed = options.seed,
                             .threads = options.threads,
                             .population = options.population,
                             .generations = options.generations};
  settings.stagnation = options.stagnation.value_or(settings.stagnation);
  settings.time_limit_s = options.time_limit_s.value_or(settings.time_limit_s);
  return settings;
}

}  // namespace hexgen
