#include "planner/share_report.h"

#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/price.h"
#include "cost_models/text_table.h"
#include "planner/plan_evaluator.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;
using Align = TextTable::Align;

/// [GPU type]: devices that the plan uses.
std::map<std::string, int> devices_of(const PlanFile& file) {
  std::map<std::string, int> devices;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      for (const int device : stage.devices) {
        ++devices[file.cluster.gpu_of(device).name];
      }
    }
  }
  return devices;
}

std::string list_of(const std::map<std::string, int>& devices) {
  std::string text;
  for (const auto& [type, count] : devices) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " x " + type;
  }
  return text;
}

double price_together(const ShareReport& report) {
  return price_per_hour(report.shared.plans, report.models.front().file.cluster);
}

/// What the objective is about: the highest rate where it was searched for, else the attainment.
std::string shown_service(const std::optional<PlanPrediction>& predicted) {
  if (!predicted) {
    return "-";
  }
  if (predicted->goodput_per_s) {
    return fixed(*predicted->goodput_per_s, 3) + " /s";
  }
  return fixed(100 * predicted->slo_attainment.value_or(0), 1) + " %";
}

ordered_json service_json(const std::optional<PlanPrediction>& predicted) {
  if (!predicted) {
    return nullptr;
  }
  ordered_json service = {{"slo_attainment", predicted->slo_attainment.value_or(0)}};
  if (predicted->goodput_per_s) {
    service["goodput_per_s"] = *predicted->goodput_per_s;
  }
  if (predicted->slo_scale) {
    service["slo_scale"] = *predicted->slo_scale;
  }
  return service;
}

ordered_json score_json(const Objective& fitness) {
  return PlanEvaluator::on_target(fitness) ? ordered_json(fitness.score) : ordered_json(nullptr);
}

}  // namespace

void print_share(const ShareReport& report, std::ostream& out) {
  const bool rates = report.models.front().file.predicted.goodput_per_s.has_value();
  TextTable table({{"model", Align::kLeft},
                   {"workload", Align::kLeft},
                   {"requests/s"},
                   {"pipelines"},
                   {rates ? "up to" : "within SLO"},
                   {"equal memory"},
                   {"GPUs", Align::kLeft}});
  for (const SharedModelReport& model : report.models) {
    table.add_row({model.file.model.name,
                   model.workload,
                   fixed(model.rate_per_s, 3),
                   std::to_string(model.file.plan.pipelines().size()),
                   shown_service(model.file.predicted),
                   shown_service(model.halves),
                   list_of(devices_of(model.file))});
  }
  table.print(out);
  for (const SharedModelReport& model : report.models) {
    out << model.file.model.name << ": " << model.path << '\n';
  }
  out << "Together $" << fixed(price_together(report), 2) << " per hour\n";
}

std::string share_json(const ShareReport& report) {
  ordered_json models = ordered_json::array();
  for (const SharedModelReport& model : report.models) {
    models.push_back({{"model", model.file.model.name},
                      {"workload", model.workload},
                      {"rate_per_s", model.rate_per_s},
                      {"plan", model.path},
                      {"pipelines", model.file.plan.pipelines().size()},
                      {"gpus", devices_of(model.file)},
                      {"service", service_json(model.file.predicted)},
                      {"equal_memory_service", service_json(model.halves)}});
  }
  const ordered_json json = {
      {"format", "hexgen.share/1"},
      {"objective", report.models.front().file.predicted.objective.value_or("")},
      {"score", score_json(report.shared.fitness)},
      {"equal_memory_score", score_json(report.shared.halves_fitness)},
      {"models", std::move(models)},
      {"price_per_hour", price_together(report)},
      {"evaluations", report.shared.evaluations}};
  return json.dump(2) + "\n";
}

}  // namespace hexgen
