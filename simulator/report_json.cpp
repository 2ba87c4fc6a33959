#include "simulator/report_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/request_report.h"
#include "profiles/program.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

/// To six decimals: a report is read, and twelve pipelines have thousands of these.
std::vector<double> rounded(std::vector<double> values) {
  for (double& value : values) {
    value = std::round(value * kMega) / kMega;
  }
  return values;
}

ordered_json stages_to_json(const RunReport& report) {
  ordered_json pipelines = ordered_json::array();
  for (std::size_t r = 0; r < report.system.replicas.size(); ++r) {
    const ReplicaModel& replica = report.system.replicas[r];
    ordered_json times = ordered_json::array();
    for (std::size_t s = 0; s < replica.stages.size(); ++s) {
      times.push_back(source_of_times(replica, s));
    }
    pipelines.push_back({{"name", replica.name},
                         {"stage_utilisation", report.metrics.stage_utilisation[r]},
                         {"stage_times", std::move(times)},
                         {"iterations_outside_measured", report.metrics.outside_measured[r]}});
    const std::vector<double>& farthest = report.metrics.farthest_outside[r];
    if (*std::max_element(farthest.begin(), farthest.end()) > 1) {
      pipelines.back()["farthest_outside_measured"] = farthest;
    }
  }
  return pipelines;
}

/// Means over buckets of `bucket_s`, by pipeline; counts of arrivals and completions.
ordered_json series_to_json(const RunReport& report) {
  const TimeSeries& series = report.series;
  ordered_json json = {{"bucket_s", series.bucket_s},
                       {"end_s", series.end_s},
                       {"arrivals", series.arrivals},
                       {"completions", series.completions},
                       {"pipelines", ordered_json::array()}};
  for (std::size_t r = 0; r < series.replicas.size(); ++r) {
    const ReplicaSeries& replica = series.replicas[r];
    json["pipelines"].push_back({{"name", report.system.replicas[r].name},
                                 {"running", rounded(replica.running)},
                                 {"waiting", rounded(replica.waiting)},
                                 {"kv_utilisation", rounded(replica.kv_utilisation)},
                                 {"stage_utilisation", ordered_json::array()}});
    for (const std::vector<double>& stage : replica.stage_utilisation) {
      json["pipelines"].back()["stage_utilisation"].push_back(rounded(stage));
    }
  }
  return json;
}

double microseconds(SimTime time) {
  return static_cast<double>(time) / 1e3;
}

/// [1, 2, 3]
std::string one_line_array(const ordered_json& array) {
  std::string text = "[";
  for (const ordered_json& item : array) {
    text += (text.size() > 1 ? ", " : "") + item.dump();
  }
  return text + "]";
}

bool holds_only_values(const ordered_json& json) {
  return std::none_of(
      json.begin(), json.end(), [](const ordered_json& item) { return item.is_structured(); });
}

void append(const ordered_json& json, std::size_t depth, std::string& text) {
  const bool one_line = json.empty() || (json.is_array() && holds_only_values(json));
  if (!json.is_structured() || one_line) {
    text += json.is_array() ? one_line_array(json) : json.dump();
    return;
  }
  const std::string indent(2 * (depth + 1), ' ');
  text += json.is_object() ? "{" : "[";
  const char* separator = "\n";
  for (const auto& [key, value] : json.items()) {
    text += separator + indent + (json.is_object() ? ordered_json(key).dump() + ": " : "");
    append(value, depth + 1, text);
    separator = ",\n";
  }
  text += "\n" + std::string(2 * depth, ' ') + (json.is_object() ? "}" : "]");
}

ordered_json what_if_to_json(const WhatIf& what_if) {
  ordered_json json = {{"network", what_if.network},
                       {"set", what_if.set},
                       {"fail", what_if.fail},
                       {"recover", what_if.recover},
                       {"restart_s", what_if.restart_s}};
  if (what_if.until_s) {
    json["until_s"] = *what_if.until_s;
  }
  return json;
}

}  // namespace

ordered_json setup_to_json(const std::string& format, const RunSetup& setup) {
  return {{"format", format},
          {"provenance",
           provenance_to_json({.tool = "hexgen-sim " + version(),
                               .commit = git_commit(),
                               .seed = setup.seed,
                               .inputs = setup.inputs})},
          {"arrivals", setup.arrivals},
          {"policy", name_of(setup.options.policy)},
          {"router", name_of(setup.options.router)},
          {"max_batched_tokens", setup.options.max_batched_tokens},
          {"kv_block_tokens", setup.options.kv_block_tokens},
          {"kv_watermark", setup.options.kv_watermark},
          {"async_scheduling", setup.options.async_scheduling},
          {"reuse_preempted_kv", setup.options.reuse_preempted_kv},
          {"step_overhead_us", microseconds(setup.options.overhead.step_ns)},
          {"sequence_overhead_us", microseconds(setup.options.overhead.sequence_ns)},
          {"what_if", what_if_to_json(setup.what_if)}};
}

ordered_json metrics_to_json(const Metrics& metrics) {
  ordered_json json = request_metrics_to_json(metrics);
  json["preemptions"] = metrics.preemptions;
  json["iterations"] = metrics.iterations;
  json["simulated_s"] = metrics.simulated_s;
  json["price_per_hour"] = metrics.price_per_hour;
  json["price_per_million_output_tokens"] = metrics.price_per_million_output_tokens;
  return json;
}

ordered_json report_to_json(const RunReport& report) {
  ordered_json json = setup_to_json("hexgen.report/1", report.setup);
  json["percentile_method"] = "nearest rank";
  json["request_rate"] = report.setup.rate_per_s;
  json["slo"] = slo_to_json(report.slo);
  json.update(metrics_to_json(report.metrics));
  json["pipelines"] = stages_to_json(report);
  json["time_series"] = series_to_json(report);
  return json;
}

void write_requests(std::ostream& out,
                    const ServingSystem& system,
                    const SimulationResult& result) {
  for (std::size_t i = 0; i < result.requests.size(); ++i) {
    const RequestOutcome& request = result.requests[i];
    const std::string pipeline =
        request.completed() ? system.replicas[static_cast<std::size_t>(request.replica)].name : "";
    out << request_to_json(i, request, pipeline).dump() << "\n";
  }
}

std::string to_text(const ordered_json& document) {
  std::string text;
  append(document, 0, text);
  return text + "\n";
}

}  // namespace hexgen
