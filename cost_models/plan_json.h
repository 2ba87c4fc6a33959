#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "profiles/input_file.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// A file that a plan was made from.
struct PlanInput {
  std::string role;  // "model", "cluster", "workload", "profile"
  std::string name;
  std::string sha256;  // 64 hexadecimal digits

  bool operator==(const PlanInput&) const = default;
};

/// Names and hashes an input for a plan's provenance.
PlanInput plan_input(const InputFile& file);

/// How a plan came about. With the same provenance, the same version writes the same bytes.
struct PlanProvenance {
  std::string tool;  // "hexgen-plan 0.1.0"
  std::string commit;
  std::int64_t seed = 1;
  std::vector<PlanInput> inputs;

  bool operator==(const PlanProvenance&) const = default;
};

/// What the search expects of the plan; a value that it did not compute is left out.
struct PlanPrediction {
  std::optional<std::string> objective;  // "attainment", "rate", "deadline" or "cost"
  std::optional<double> slo_attainment;  // 0..1, at the workload's rate
  std::optional<double> goodput_per_s;   // highest request rate with attainment at the target
  std::optional<double> slo_scale;       // smallest with attainment at the target
  std::optional<double> upper_bound_per_s;
  std::optional<double> request_latency_s;  // one average request alone, on the fastest pipeline
  std::optional<double> price_per_hour;     // of the nodes that the plan uses

  bool operator==(const PlanPrediction&) const = default;
};

/// `hexgen.plan/1`, self-contained: everything that simulating, explaining or running it needs.
struct PlanFile {
  PlanProvenance provenance;
  ModelSpec model;
  std::string model_config;  // text of the config.json that `model` was read from
  Cluster cluster;
  Plan plan;
  PlanPrediction predicted;
};

/// `label` is what errors call the text. Throws InputError naming it and the JSON path.
PlanFile parse_plan(std::string_view text, const std::string& label);
PlanFile read_plan(const std::string& path);

/// Byte-stable: the same plan gives the same text, and parse_plan() of it writes it again.
std::string plan_to_text(const PlanFile& file);
void write_plan(const std::string& path, const PlanFile& file);

}  // namespace hexgen
