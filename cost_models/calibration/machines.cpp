#include "cost_models/calibration/machines.h"

#include <algorithm>

#include "profiles/csv_table.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kHelixPromptTokens = 763;
constexpr double kHelixContextTokens = 763 + 232 / 2.0;

struct LayerRow {
  BatchShape shape;
  double measured_s = 0;
};

/// `amount` tokens of prompts, the last one cut short.
BatchShape prompts_shape(double amount) {
  const double length = std::min(amount, kHelixPromptTokens);
  return prefill_shape(length, amount / length);
}

DataSet helix_set(const std::string& path,
                  const std::string& what,
                  const GpuType& gpu,
                  int gpus,
                  BatchShape (*shape_of)(double)) {
  const CsvTable table = CsvTable::read_headless(path);
  std::vector<LayerRow> rows;
  for (std::size_t r = 0; r < table.num_rows(); ++r) {
    if (table.number(r, 0) > 0) {  // the first row is 0,0
      rows.push_back({shape_of(table.number(r, 0)), table.number(r, 1) * kMilli});
    }
  }
  DataSet set = {.source = "helix", .what = what};
  for (const LayerRow& row : rows) {
    set.measured_s.push_back(row.measured_s);
    set.size.push_back(row.shape.new_tokens);
  }
  const ModelSpec model = read_model("llama-2-70b");
  set.predict_s = [model, gpu, gpus, rows](const Constants& constants) {
    const StageCost cost = cost_with(constants, model, gpu, gpus, 1);
    std::vector<double> predicted_s;
    for (const LayerRow& row : rows) {
      predicted_s.push_back(cost.iteration_s(row.shape));
    }
    return predicted_s;
  };
  return set;
}

/// Published seconds for 32 and 128 output tokens of one layout.
struct OptRun {
  int hidden_dim = 0;
  int num_layers = 0;
  int num_heads = 0;
  int tp_degree = 1;
  int num_stages = 1;
  double batch = 1;
  double seconds_32 = 0;
  double seconds_128 = 0;
};

const std::vector<OptRun> kOptRuns = {{5120, 40, 40, 2, 1, 1, 6.51, 25.97},
                                      {5120, 40, 40, 2, 1, 16, 13.39, 46.55},
                                      {5120, 40, 40, 1, 2, 1, 2.14, 8.13},
                                      {5120, 40, 40, 1, 2, 16, 3.27, 12.79},
                                      {7168, 48, 56, 4, 1, 1, 4.84, 13.83},
                                      {7168, 48, 56, 4, 1, 16, 11.06, 35.16},
                                      {7168, 48, 56, 2, 2, 1, 3.84, 12.66},
                                      {7168, 48, 56, 2, 2, 16, 6.85, 25.78}};

ModelSpec opt_stand_in(const OptRun& run) {
  return {.name = "opt",
          .num_layers = run.num_layers,
          .hidden_dim = run.hidden_dim,
          .ffn_dim = run.hidden_dim * 8 / 3,
          .num_heads = run.num_heads,
          .num_kv_heads = run.num_heads,
          .head_dim = 128,
          .vocab_size = 50272,
          .tied_embeddings = true};
}

double opt_step_s(const OptRun& run, GpuType gpu, const Constants& constants) {
  gpu.efficiency = constants.gpu;
  const int machines = run.tp_degree * run.num_stages;
  std::vector<Node> nodes;
  PipelineGroup pipeline;
  for (int m = 0; m < machines; ++m) {
    nodes.push_back({.name = std::to_string(m), .region = "here", .gpus = 1});
    if (m % run.tp_degree == 0) {
      pipeline.stages.push_back({.num_layers = run.num_layers / run.num_stages});
    }
    pipeline.stages.back().devices.push_back(m);
  }
  const Link ethernet = {.latency_s = 0.25 * kMilli, .bandwidth_bytes_per_s = 9.65 * kGiga / 8};
  const Cluster cluster("a4000",
                        {std::move(gpu)},
                        {constants.link},
                        std::move(nodes),
                        std::vector<Link>(static_cast<std::size_t>(machines * machines), ethernet));
  const std::vector<StageCost> costs = pipeline_cost(opt_stand_in(run), cluster, pipeline);
  const auto total_s = [&](double outputs) {
    return request_latency(costs, 512, outputs, run.batch).total_s();
  };
  return (total_s(128) - total_s(32)) / 96;
}

}  // namespace

std::vector<DataSet> read_helix(const std::string& folder, const GpuType& gpu, int gpus) {
  return {
      helix_set(folder + "/prompt_bs2time.csv", "prompt, a layer", gpu, gpus, prompts_shape),
      helix_set(folder + "/decode_bs2time.csv", "decode, a layer", gpu, gpus, [](double requests) {
        return decode_shape(requests, kHelixContextTokens);
      })};
}

DataSet a4000_decode_steps(const GpuType& gpu) {
  DataSet set = {.source = "yuan", .what = "decode step, OPT, TP 1-4 x PP 1-2", .fitted = false};
  for (const OptRun& run : kOptRuns) {
    set.measured_s.push_back((run.seconds_128 - run.seconds_32) / 96);
  }
  set.predict_s = [gpu](const Constants& constants) {
    std::vector<double> predicted_s;
    for (const OptRun& run : kOptRuns) {
      predicted_s.push_back(opt_step_s(run, gpu, constants));
    }
    return predicted_s;
  };
  return set;
}

}  // namespace hexgen
