#include "cost_models/calibration/served.h"

#include <algorithm>

#include "cost_models/closed_loop.h"
#include "cost_models/memory.h"
#include "profiles/csv_table.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kMemoryShareOfEngines = 0.9;  // vLLM's gpu_memory_utilization, TensorRT-LLM's too

struct ServedRow {
  int tp_degree = 1;
  ClosedLoop load;
  double measured_s = 0;
};

bool saturated(const ServedRow& row, const ModelSpec& model, const GpuType& gpu) {
  const Node node = {.name = "node", .region = "here", .gpus = row.tp_degree};
  const Cluster cluster("calibration", {gpu}, {LinkType{.name = "any"}}, {node}, {Link{}});
  std::vector<int> devices;
  for (int d = 0; d < row.tp_degree; ++d) {
    devices.push_back(d);
  }
  const MemoryPolicy policy = {
      .reserve_bytes = (1 - kMemoryShareOfEngines) * gpu.memory_bytes,
      .activation_tokens = static_cast<std::int64_t>(row.load.chunk_tokens)};
  const StageMemory memory = stage_memory(model, cluster, devices, model.num_layers, {}, policy);
  return closed_loop_kv_tokens(row.load) > static_cast<double>(memory.kv_capacity_tokens());
}

DataSet served_set(const std::string& what,
                   const ModelSpec& model,
                   const GpuType& gpu,
                   const std::vector<ServedRow>& rows) {
  DataSet set = {.source = "aiconfigurator", .what = what};
  for (const ServedRow& row : rows) {
    set.measured_s.push_back(row.measured_s);
  }
  set.predict_s = [model, gpu, rows](const Constants& constants) {
    std::vector<double> predicted_s;
    for (const ServedRow& row : rows) {
      const StageCost cost =
          cost_with(constants, model, gpu, row.tp_degree, model.num_layers, StagePosition{});
      predicted_s.push_back(closed_loop_tpot_s(cost, row.load));
    }
    return predicted_s;
  };
  return set;
}

std::vector<ServedRow> read_rows(const CsvTable& table, const std::string& model_path) {
  std::vector<ServedRow> rows;
  for (std::size_t r = 0; r < table.num_rows(); ++r) {
    if (table.text(r, table.column("model_path")) == model_path) {
      const auto number = [&](const char* column) { return table.number(r, table.column(column)); };
      rows.push_back({.tp_degree = static_cast<int>(number("tp_size")),
                      .load = {.prompt_tokens = number("isl"),
                               .output_tokens = number("osl"),
                               .concurrency = number("batch_size")},
                      .measured_s = number("silicon_tpot_ms") * kMilli});
    }
  }
  return rows;
}

}  // namespace

std::vector<DataSet> read_served_tpot(const std::string& path,
                                      const GpuType& gpu,
                                      int& saturated_rows) {
  const CsvTable table = CsvTable::read(path);
  ModelSpec large = read_model("llama-3.1-70b");
  large.weight_bytes_per_parameter = 1;
  const ModelSpec small = read_model("llama-3.1-8b");
  const auto set = [&](const char* model_path, const ModelSpec& model, const char* what) {
    std::vector<ServedRow> rows = read_rows(table, model_path);
    const auto kept = std::remove_if(
        rows.begin(), rows.end(), [&](const ServedRow& row) { return saturated(row, model, gpu); });
    saturated_rows += static_cast<int>(rows.end() - kept);
    rows.erase(kept, rows.end());
    return served_set(what, model, gpu, rows);
  };
  saturated_rows = 0;
  return {set("meta-llama/Llama-3.1-70B", large, "TPOT, 70B fp8, vLLM"),
          set("meta-llama/Llama-3.1-8B-Instruct", small, "TPOT, 8B bf16, TRT-LLM")};
}

}  // namespace hexgen
