#include "cost_models/calibration/calibration.h"

#include <map>
#include <ostream>

#include "cost_models/calibration/gpu_operators.h"
#include "cost_models/calibration/links.h"
#include "cost_models/calibration/machines.h"
#include "cost_models/calibration/served.h"
#include "cost_models/text_table.h"
#include "profiles/catalogue.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// What links.json assumes of a link that nobody measured.
constexpr double kDefaultAllReduceLatency_s = 5 * kMicro;
constexpr double kDefaultAllReduceFraction = 0.75;

/// Runs calibrations one after the other, since some start from constants fitted before.
class Calibrator {
 public:
  explicit Calibrator(std::uint64_t seed)
      : seed_(seed) {}

  void run(const Calibration& calibration) {
    const Constants unfitted = unfitted_constants(calibration);
    const Constants start = {
        .gpu = known_or(
            gpus_, calibration.like.empty() ? calibration.gpu : calibration.like, unfitted.gpu),
        .link = known_or(links_, calibration.link, unfitted.link)};
    Constants fitted = start;
    std::vector<Knob> knobs = calibration.knobs;
    knobs.insert(knobs.end(), calibration.nuisances.begin(), calibration.nuisances.end());
    if (!knobs.empty()) {
      fitted = fit_constants(calibration.sets, knobs, start, seed_);
    }
    CalibrationResult result = {.label = calibration.label,
                                .gpu = calibration.gpu,
                                .link = calibration.link,
                                .kept = calibration.kept && !calibration.knobs.empty(),
                                .constants = fitted};
    for (const DataSet& set : calibration.sets) {
      result.errors.push_back(error_row(set, unfitted, fitted));
    }
    for (const Knob& nuisance : calibration.nuisances) {
      Constants original = start;
      nuisance.in(result.constants) = nuisance.in(original);
    }
    if (result.kept) {
      gpus_[calibration.gpu] = result.constants.gpu;
      links_[calibration.link] = result.constants.link;
    }
    results_.push_back(std::move(result));
  }

  std::vector<CalibrationResult> results() { return std::move(results_); }

 private:
  template <typename Value>
  static Value known_or(const std::map<std::string, Value>& known,
                        const std::string& name,
                        const Value& otherwise) {
    const auto found = known.find(name);
    return found == known.end() ? otherwise : found->second;
  }

  Constants unfitted_constants(const Calibration& calibration) const {
    Constants constants = {.gpu = {}, .link = catalogue_.link(calibration.link)};
    constants.link.all_reduce_latency_s = kDefaultAllReduceLatency_s;
    constants.link.all_reduce_fraction = kDefaultAllReduceFraction;
    return constants;
  }

  ErrorRow error_row(const DataSet& set, const Constants& before, const Constants& after) const {
    const std::size_t rows = set.measured_s.size();
    const std::vector<bool> half =
        set.fitted ? training_half(rows, seed_) : std::vector<bool>(rows, false);
    return {.source = set.source,
            .what = set.what,
            .fitted = set.fitted,
            .before = summarize_errors(set, before, half, false),
            .after = summarize_errors(set, after, half, false)};
  }

  std::uint64_t seed_;
  Catalogue catalogue_ = Catalogue::builtin();
  std::map<std::string, GpuEfficiency> gpus_;
  std::map<std::string, LinkType> links_;
  std::vector<CalibrationResult> results_;
};

/// Where the files are.
struct Folder {
  std::string path;

  std::string ops(const std::string& file) const { return path + "/gpu_ops/" + file; }

  std::string helix(const std::string& machine) const {
    return path + "/helix/llama2_70b/" + machine;
  }

  std::string layer_profile() const {
    return path + "/measured/llmservingsim_rtxpro6000_llama-3.1-8b_tp1/layer_profile";
  }
};

GpuType gpu_type(const std::string& name) {
  return Catalogue::builtin().gpu(name).type;
}

template <typename Item>
std::vector<Item> joined(std::vector<Item> first, const std::vector<Item>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::vector<DataSet> reported_only(std::vector<DataSet> sets) {
  for (DataSet& set : sets) {
    set.fitted = false;
  }
  return sets;
}

/// The latency of these profiles is the launch from Python; engines do not pay it.
void calibrate_links(const Folder& folder, Calibrator& calibrator) {
  const auto all_reduce = [&](const char* label,
                              const char* link,
                              bool kept,
                              const char* file,
                              const std::vector<int>& gpus) {
    calibrator.run({.label = label,
                    .link = link,
                    .knobs = {all_reduce_fraction_knob()},
                    .nuisances = {all_reduce_latency_knob()},
                    .kept = kept,
                    .sets = read_vidur_all_reduce(folder.ops(file), gpus)});
  };
  all_reduce("nvlink3, A100 DGX", "nvlink3", true, "vidur_a100_dgx_all_reduce.csv", {2, 4, 8});
  all_reduce("nvlink4, H100 DGX", "nvlink4", true, "vidur_h100_dgx_all_reduce.csv", {2, 4, 8});
  const char* pairwise = "vidur_a100_pairwise_nvlink_all_reduce.csv";
  all_reduce("nvlink3, one A100 pair", "nvlink3", false, pairwise, {2});
  all_reduce("pcie4, two A100 pairs", "pcie4", true, pairwise, {4});
  calibrator.run({.label = "nvlink3, A100 DGX",
                  .link = "nvlink3",
                  .knobs = {link_latency_knob(), link_bandwidth_knob()},
                  .kept = false,
                  .sets = read_vidur_send_recv(folder.ops("vidur_a100_dgx_send_recv.csv"))});
}

void calibrate_operators(const Folder& folder, Calibrator& calibrator) {
  const std::vector<Knob> knobs = {
      memory_fraction_knob(), compute_fraction_knob(), layer_overhead_knob()};
  const auto run = [&](const char* gpu, const char* link, std::vector<DataSet> sets) {
    calibrator.run(
        {.label = gpu, .gpu = gpu, .link = link, .knobs = knobs, .sets = std::move(sets)});
  };
  const auto vidur = [&](const char* gpu, const char* file) {
    return read_vidur_operators(folder.ops(file), gpu_type(gpu));
  };
  const auto lss = [&](const char* gpu, const char* file) {
    return read_lss_operators(folder.ops(file), gpu_type(gpu), read_model("llama-3.1-8b"), 1);
  };
  run("A100-SXM4-80GB", "nvlink3", vidur("A100-SXM4-80GB", "vidur_a100_llama-2-70b_mlp.csv"));
  run("A40", "pcie4", vidur("A40", "vidur_a40_llama-2-70b_mlp.csv"));
  run("RTX-A6000", "pcie4", lss("RTX-A6000", "lss_a6000_llama-3.1-8b_tp1_layers.csv"));
  calibrator.run({.label = "RTX-PRO-6000",
                  .gpu = "RTX-PRO-6000",
                  .link = "pcie5",
                  .knobs = joined(knobs, {attention_fraction_knob()}),
                  .sets = read_vllm_operators(folder.layer_profile(), gpu_type("RTX-PRO-6000"))});
  run("RTX-3090", "pcie4", lss("RTX-3090", "lss_rtx3090_llama-3.1-8b_tp1_layers.csv"));
}

/// The H100 is fitted on whole engines; its operators, and what constants fitted on them would say
/// about the engines, stand beside.
int calibrate_h100(const Folder& folder, Calibrator& calibrator) {
  const std::string name = "H100-SXM5-80GB";
  const GpuType gpu = gpu_type(name);
  int saturated_rows = 0;
  const std::vector<DataSet> served =
      read_served_tpot(folder.ops("aic_silicon_h100_llama-3.1.csv"), gpu, saturated_rows);
  const std::vector<DataSet> operators =
      joined(read_vidur_operators(folder.ops("vidur_h100_llama-2-70b_mlp.csv"), gpu),
             read_lss_operators(folder.ops("lss_h100_llama-3.1-70b_tp4_layers.csv"),
                                gpu,
                                read_model("llama-3.1-70b"),
                                4));
  calibrator.run({.label = name,
                  .gpu = name,
                  .link = "nvlink4",
                  .knobs = {memory_fraction_knob(),
                            attention_fraction_knob(),
                            compute_fraction_knob(),
                            layer_overhead_knob(),
                            all_reduce_latency_knob()},
                  .sets = joined(served, reported_only(operators))});
  calibrator.run({.label = name + ", by operators",
                  .gpu = name,
                  .link = "nvlink4",
                  .knobs = {memory_fraction_knob(), compute_fraction_knob(), layer_overhead_knob()},
                  .kept = false,
                  .sets = joined(operators, reported_only(served))});
  return saturated_rows;
}

/// The attention of vLLM 0.4.0 at a context length that is not known is fitted and forgotten.
void calibrate_machines(const Folder& folder, Calibrator& calibrator) {
  const auto one = [&](const char* gpu, const char* link, const char* machine, const char* like) {
    calibrator.run({.label = gpu,
                    .gpu = gpu,
                    .link = link,
                    .like = like,
                    .knobs = {memory_fraction_knob(), compute_fraction_knob()},
                    .nuisances = {attention_fraction_knob()},
                    .sets = read_helix(folder.helix(machine), gpu_type(gpu), 1)});
  };
  one("A100-SXM4-40GB", "nvlink3", "a100", "A100-SXM4-80GB");
  one("V100-SXM2-16GB", "nvlink2", "v100", "");
  one("L4", "pcie4", "l4", "");
  one("T4", "pcie3", "t4", "");
  const std::vector<Knob> link_knobs = {all_reduce_latency_knob(), all_reduce_fraction_knob()};
  calibrator.run({.label = "2x L4, cloud host",
                  .gpu = "L4",
                  .link = "pcie4",
                  .knobs = link_knobs,
                  .nuisances = {attention_fraction_knob()},
                  .kept = false,
                  .sets = read_helix(folder.helix("l4x2"), gpu_type("L4"), 2)});
  calibrator.run({.label = "pcie3, 2x and 4x T4",
                  .gpu = "T4",
                  .link = "pcie3",
                  .knobs = link_knobs,
                  .nuisances = {attention_fraction_knob()},
                  .sets = joined(read_helix(folder.helix("t4x2"), gpu_type("T4"), 2),
                                 read_helix(folder.helix("t4x4"), gpu_type("T4"), 4))});
  calibrator.run({.label = "RTX-A4000",
                  .gpu = "RTX-A4000",
                  .link = "pcie4",
                  .like = "RTX-A6000",
                  .sets = {a4000_decode_steps(gpu_type("RTX-A4000"))}});
}

std::string percent(double share) {
  return fixed(100 * share, 1);
}

std::string microseconds(double seconds) {
  return fixed(seconds / kMicro, 1);
}

void print_errors(const CalibrationReport& report, std::ostream& out) {
  using Align = TextTable::Align;
  TextTable table({{"machine", Align::kLeft},
                   {"source", Align::kLeft},
                   {"operator class", Align::kLeft},
                   {"fitted", Align::kLeft},
                   {"rows"},
                   {"before: median"},
                   {"p90"},
                   {"after: median"},
                   {"p90"}});
  for (const CalibrationResult& result : report.results) {
    for (const ErrorRow& row : result.errors) {
      table.add_row({result.label,
                     row.source,
                     row.what,
                     row.fitted ? "yes" : "no",
                     std::to_string(row.after.rows),
                     percent(row.before.median),
                     percent(row.before.p90),
                     percent(row.after.median),
                     percent(row.after.p90)});
    }
  }
  table.print(out);
}

void print_constants(const CalibrationReport& report, std::ostream& out) {
  using Align = TextTable::Align;
  TextTable table({{"machine", Align::kLeft},
                   {"kept", Align::kLeft},
                   {"memory"},
                   {"attention"},
                   {"compute"},
                   {"layer us"},
                   {"link", Align::kLeft},
                   {"all-reduce us a step"},
                   {"fraction"}});
  for (const CalibrationResult& result : report.results) {
    const GpuEfficiency& gpu = result.constants.gpu;
    const LinkType& link = result.constants.link;
    const bool has_gpu = !result.gpu.empty();
    table.add_row({result.label,
                   result.kept ? "yes" : "no",
                   has_gpu ? fixed(gpu.memory_fraction, 3) : "",
                   has_gpu ? fixed(gpu.attention_fraction, 3) : "",
                   has_gpu ? fixed(gpu.compute_fraction, 3) : "",
                   has_gpu ? microseconds(gpu.layer_overhead_s) : "",
                   result.link,
                   microseconds(link.all_reduce_latency_s),
                   fixed(link.all_reduce_fraction, 3)});
  }
  table.print(out);
}

}  // namespace

CalibrationReport calibrate(const std::string& folder, std::uint64_t seed) {
  const Folder files = {folder};
  Calibrator calibrator(seed);
  calibrate_links(files, calibrator);
  calibrate_operators(files, calibrator);
  const int saturated_rows = calibrate_h100(files, calibrator);
  calibrate_machines(files, calibrator);
  return {.results = calibrator.results(), .saturated_rows = saturated_rows};
}

void print_report(const CalibrationReport& report, std::ostream& out) {
  out << "Error = |predicted - measured| / measured in %, nearest-rank percentiles. Before: "
         "default "
         "constants. After: constants\nfitted on a seeded random half of the rows; both are "
         "measured "
         "on the other half, or on all rows where 'fitted' is no.\n\n";
  print_errors(report, out);
  out << "\nLeft out as saturated, because their KV cache does not fit in 90 % of the memory: "
      << report.saturated_rows << " served loads.\n\nConstants ('kept': defaults of the "
      << "catalogue):\n\n";
  print_constants(report, out);
}

}  // namespace hexgen
