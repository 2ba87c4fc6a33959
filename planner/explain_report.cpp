#include "planner/explain_report.h"

#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/text_table.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;
using Align = TextTable::Align;

std::string percent(double share) {
  return fixed(100 * share, 1) + " %";
}

std::string name_of(Resource resource) {
  switch (resource) {
    case Resource::kMemoryBandwidth:
      return "memory bandwidth";
    case Resource::kCompute:
      return "compute";
    case Resource::kOverhead:
      return "launch overhead";
    case Resource::kAllReduce:
      return "all-reduce";
    case Resource::kHandoff:
      return "hand-off";
    case Resource::kKvRoom:
      break;
  }
  return "KV room";
}

/// "hand-off 0 → 1 7.7 %"
std::string shown(const Binding& binding, std::size_t num_stages) {
  std::string text = name_of(binding.resource);
  const auto stage = static_cast<std::size_t>(binding.stage);
  if (binding.resource == Resource::kHandoff) {
    text += " " + std::to_string(stage) + " → " + std::to_string((stage + 1) % num_stages);
  } else if (binding.stage >= 0) {
    text += " of stage " + std::to_string(stage);
  }
  return text + " " + percent(binding.gain);
}

void print_pipelines(const PlanFile& file, const Explanation& explanation, std::ostream& out) {
  out << "What binds: the gain in capacity by 10 % more of it.\n\n";
  TextTable table({{"pipeline", Align::kLeft},
                   {"share"},
                   {"requests/s"},
                   {"busiest stage"},
                   {"binds", Align::kLeft},
                   {"next", Align::kLeft}});
  for (std::size_t p = 0; p < explanation.pipelines.size(); ++p) {
    const PipelineExplanation& pipeline = explanation.pipelines[p];
    const std::size_t stages = file.plan.pipelines()[p].stages.size();
    table.add_row({pipeline.name,
                   percent(pipeline.share),
                   fixed(pipeline.capacity_per_s, 3),
                   percent(pipeline.utilisation),
                   shown(pipeline.bindings[0], stages),
                   shown(pipeline.bindings[1], stages)});
  }
  table.print(out, "  ");
}

void print_marginal(const Explanation& explanation, std::ostream& out) {
  out << "\nOne more GPU, where it is worth most:\n\n";
  TextTable table(
      {{"GPU", Align::kLeft}, {"where", Align::kLeft}, {"gain"}, {"$/h"}, {"gain per $/h"}});
  for (const MarginalGpu& gpu : explanation.marginal_gpus) {
    table.add_row({gpu.gpu_type,
                   gpu.place.empty() ? "-" : gpu.place,
                   fixed(gpu.gain, 4),
                   fixed(gpu.price_per_hour, 2),
                   gpu.price_per_hour > 0 ? fixed(gpu.gain / gpu.price_per_hour, 4) : "-"});
  }
  table.print(out, "  ");
}

/// "2x (8x RTX-A5000), 1x (3x RTX-3090-Ti + 3x RTX-3090-Ti)": the groups by what they are made of.
std::vector<std::string> group_names(const Plan& plan, const Cluster& cluster) {
  std::map<std::string, int> count;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    std::map<std::string, int> gpus;
    for (const Stage& stage : pipeline.stages) {
      for (const int device : stage.devices) {
        ++gpus[cluster.gpu_of(device).name];
      }
    }
    std::string name;
    for (const auto& [type, number] : gpus) {
      name += (name.empty() ? "" : " + ") + std::to_string(number) + "x " + type;
    }
    ++count[name];
  }
  std::vector<std::string> names;
  for (const auto& [name, number] : count) {
    names.push_back(std::to_string(number) + " of " + name);
  }
  return names;
}

void print_runner_up(const PlanFile& file,
                     const Explanation& explanation,
                     const std::string& objective,
                     std::ostream& out) {
  if (!explanation.runner_up) {
    out << "\nNo plan with other groups was found.\n";
    return;
  }
  const RunnerUp& other = *explanation.runner_up;
  out << "\nThe best plan with other groups: " << objective << " " << fixed(other.score, 4)
      << " instead of " << fixed(explanation.score, 4)
      << ".\n  this plan: " << join(group_names(file.plan, file.cluster)) << "; capacity "
      << fixed(explanation.capacity_per_s, 3)
      << " requests/s\n  the other: " << join(group_names(other.plan, file.cluster))
      << "; capacity " << fixed(other.capacity_per_s, 3) << " requests/s\n";
  if (other.score > explanation.score) {
    out << "It is better than this plan: search longer.\n";
  } else if (other.capacity_per_s < explanation.capacity_per_s) {
    out << "It lost because it can serve less.\n";
  } else {
    out << "It can serve more, but lost because its pipelines are slower or wait longer.\n";
  }
}

ordered_json bindings_json(const std::vector<Binding>& bindings) {
  ordered_json json = ordered_json::array();
  for (const Binding& binding : bindings) {
    json.push_back({{"resource", name_of(binding.resource)}, {"gain", binding.gain}});
    if (binding.stage >= 0) {
      json.back()["stage"] = binding.stage;
    }
  }
  return json;
}

}  // namespace

void print_explanation(const PlanFile& file,
                       const Explanation& explanation,
                       const std::string& objective,
                       std::ostream& out) {
  out << "Objective " << objective << ": " << fixed(explanation.score, 4);
  if (explanation.best_score > explanation.score) {
    out << " (a plan near it has " << fixed(explanation.best_score, 4) << ")";
  }
  out << ". ";
  print_pipelines(file, explanation, out);
  print_marginal(explanation, out);
  print_runner_up(file, explanation, objective, out);
  print_extrapolations(explanation.extrapolations, out);
}

std::string explanation_json(const PlanFile& file,
                             const Explanation& explanation,
                             const std::string& objective) {
  ordered_json pipelines = ordered_json::array();
  for (const PipelineExplanation& pipeline : explanation.pipelines) {
    pipelines.push_back({{"name", pipeline.name},
                         {"share", pipeline.share},
                         {"capacity_per_s", pipeline.capacity_per_s},
                         {"utilisation", pipeline.utilisation},
                         {"bindings", bindings_json(pipeline.bindings)}});
  }
  ordered_json gpus = ordered_json::array();
  for (const MarginalGpu& gpu : explanation.marginal_gpus) {
    gpus.push_back({{"gpu_type", gpu.gpu_type},
                    {"place", gpu.place},
                    {"gain", gpu.gain},
                    {"price_per_hour", gpu.price_per_hour}});
  }
  ordered_json json = {{"format", "hexgen.explanation/1"},
                       {"objective", objective},
                       {"score", explanation.score},
                       {"best_score", explanation.best_score},
                       {"capacity_per_s", explanation.capacity_per_s},
                       {"pipelines", std::move(pipelines)},
                       {"marginal_gpus", std::move(gpus)},
                       {"runner_up", nullptr}};
  for (const Extrapolation& extrapolation : explanation.extrapolations) {
    json["extrapolations"].push_back({{"what", extrapolation.what},
                                      {"outside", extrapolation.shape ? "matrix" : "size"},
                                      {"times", extrapolation.factor}});
  }
  if (explanation.runner_up) {
    json["runner_up"] = {{"score", explanation.runner_up->score},
                         {"capacity_per_s", explanation.runner_up->capacity_per_s},
                         {"groups", group_names(explanation.runner_up->plan, file.cluster)}};
  }
  return json.dump(2) + "\n";
}

}  // namespace hexgen
