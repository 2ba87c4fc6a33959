#include "cost_models/calibration/gpu_operators.h"

#include <map>

#include "cost_models/calibration/operator_set.h"
#include "profiles/csv_table.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// Prompts shorter than this measure the launch of the attention kernel, not its rate.
constexpr double kFewestAttentionTokens = 256;

/// Twice the largest L2: what is read again and again must not stay there.
constexpr double kLeastKvBytes = 256e6;

/// Seconds by layer name, of one number of tokens.
using LayerTimes = std::map<std::string, double>;

/// A file with one line a layer and number of tokens.
std::map<int, LayerTimes> read_long_table(const std::string& path,
                                          const char* layer_name,
                                          const char* tokens,
                                          const char* time,
                                          double unit_s) {
  const CsvTable table = CsvTable::read(path);
  const std::size_t layer = table.column(layer_name);
  const std::size_t tokens_column = table.column(tokens);
  const std::size_t time_column = table.column(time);
  std::map<int, LayerTimes> times;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    times[static_cast<int>(table.number(row, tokens_column))][table.text(row, layer)] =
        table.number(row, time_column) * unit_s;
  }
  return times;
}

/// Sum over kernels that the cost model takes as one operator.
double sum_s(const LayerTimes& times, const std::vector<std::string>& names) {
  double sum = 0;
  for (const std::string& name : names) {
    const auto found = times.find(name);
    if (found == times.end()) {
      throw InputError("measurements: no time of layer '" + name + "'");
    }
    sum += found->second;
  }
  return sum;
}

/// Which kernels make up the operators of a layer.
struct LayerNames {
  std::vector<std::string> qkv;
  std::vector<std::string> output;
  std::vector<std::string> gate_up;
  std::vector<std::string> down;
  std::vector<std::string> elementwise;
};

/// Rows of the operators of a layer and of their sums.
struct LayerRows {
  std::vector<OperatorRow> gemms;
  std::vector<OperatorRow> elementwise;
  std::vector<OperatorRow> projections;
  std::vector<OperatorRow> layers;

  void add(const LayerNames& names, const LayerTimes& times, int tp_degree, double tokens) {
    const std::vector<std::pair<Operator, std::vector<std::string>>> gemm_names = {
        {Operator::kQkv, names.qkv},
        {Operator::kOutput, names.output},
        {Operator::kGateUp, names.gate_up},
        {Operator::kDown, names.down}};
    double total_s = 0;
    for (const auto& [op, kernels] : gemm_names) {
      gemms.push_back({op, tp_degree, tokens, sum_s(times, kernels)});
      total_s += gemms.back().measured_s;
    }
    projections.push_back({Operator::kProjections, tp_degree, tokens, total_s});
    elementwise.push_back(
        {Operator::kElementwise, tp_degree, tokens, sum_s(times, names.elementwise)});
    total_s += elementwise.back().measured_s;
    layers.push_back({Operator::kLayerWithoutAttention, tp_degree, tokens, total_s});
  }
};

std::vector<OperatorRow> decode_attention_rows(const std::string& path, const ModelSpec& model) {
  const CsvTable table = CsvTable::read(path);
  const double bytes_a_token = kv_bytes_per_token(model) / model.num_layers;
  std::vector<OperatorRow> rows;
  for (std::size_t r = 0; r < table.num_rows(); ++r) {
    const double kv_tokens =
        table.number(r, table.column("n_decode")) * table.number(r, table.column("kv_decode"));
    const bool decode_only = table.number(r, table.column("prefill_chunk")) == 0;
    if (decode_only && kv_tokens * bytes_a_token >= kLeastKvBytes) {
      rows.push_back({Operator::kDecodeAttention,
                      1,
                      kv_tokens,
                      table.number(r, table.column("time_us")) * kMicro});
    }
  }
  return rows;
}

}  // namespace

std::vector<DataSet> read_vidur_operators(const std::string& path, const GpuType& gpu) {
  const LayerNames names = {
      .qkv = {"attn_pre_proj"},
      .output = {"attn_post_proj"},
      .gate_up = {"mlp_up_proj"},
      .down = {"mlp_down_proj"},
      .elementwise = {
          "input_layernorm", "attn_rope", "post_attention_layernorm", "mlp_act", "add"}};
  const CsvTable table = CsvTable::read(path);
  LayerRows rows;
  for (std::size_t r = 0; r < table.num_rows(); ++r) {
    LayerTimes times;
    for (const auto& list :
         {names.qkv, names.output, names.gate_up, names.down, names.elementwise}) {
      for (const std::string& name : list) {
        times[name] = table.number(r, table.column("time_stats." + name + ".median")) * kMilli;
      }
    }
    rows.add(names,
             times,
             static_cast<int>(table.number(r, table.column("num_tensor_parallel_workers"))),
             table.number(r, table.column("num_tokens")));
  }
  const ModelSpec model = read_model("llama-2-70b");
  return {operator_set("vidur", "GEMM, with its launch", false, model, gpu, rows.gemms),
          operator_set("vidur", "elementwise", false, model, gpu, rows.elementwise),
          operator_set("vidur", "layer less attention", true, model, gpu, rows.layers)};
}

std::vector<DataSet> read_lss_operators(const std::string& path,
                                        const GpuType& gpu,
                                        const ModelSpec& model,
                                        int tp_degree) {
  // Engines fuse q, k, v into one GEMM and gate, up into another.
  const LayerNames names = {.qkv = {"q_proj", "k_proj", "v_proj"},
                            .output = {"o_proj"},
                            .gate_up = {"gate_proj", "up_proj"},
                            .down = {"down_proj"},
                            .elementwise = {"input_layernorm", "post_layernorm", "rope", "act_fn"}};
  LayerRows rows;
  std::vector<OperatorRow> heads;
  std::vector<OperatorRow> attention;
  for (const auto& [tokens, times] :
       read_long_table(path, "layer_name", "input", "latency(ns)", kMilli * kMicro)) {
    rows.add(names, times, tp_degree, tokens);
    const auto n = static_cast<double>(tokens);
    heads.push_back({Operator::kLmHead, tp_degree, n, sum_s(times, {"lm_head"})});
    if (n >= kFewestAttentionTokens) {
      attention.push_back({Operator::kPrefillAttention, tp_degree, n, sum_s(times, {"attn"})});
    }
  }
  const char* source = "llmservingsim";
  return {operator_set(source, "GEMM, with its launch", false, model, gpu, rows.gemms),
          operator_set(source, "LM head", true, model, gpu, heads),
          operator_set(source, "prefill attention", false, model, gpu, attention),
          operator_set(source, "elementwise, eager", false, model, gpu, rows.elementwise),
          operator_set(source, "projections of a layer", true, model, gpu, rows.projections)};
}

std::vector<DataSet> read_vllm_operators(const std::string& folder, const GpuType& gpu) {
  const LayerNames names = {.qkv = {"qkv_proj"},
                            .output = {"o_proj"},
                            .gate_up = {"gate_up_proj"},
                            .down = {"down_proj"},
                            .elementwise = {"layernorm", "layernorm", "rotary_emb", "act_fn"}};
  LayerRows rows;
  for (const auto& [tokens, times] :
       read_long_table(folder + "/dense.csv", "layer", "tokens", "time_us", kMicro)) {
    rows.add(names, times, 1, tokens);
  }
  std::vector<OperatorRow> heads;
  for (const auto& [sequences, times] :
       read_long_table(folder + "/per_sequence.csv", "layer", "sequences", "time_us", kMicro)) {
    heads.push_back(
        {Operator::kLmHead, 1, static_cast<double>(sequences), sum_s(times, {"lm_head"})});
  }
  const ModelSpec model = read_model("llama-3.1-8b");
  const std::vector<OperatorRow> attention =
      decode_attention_rows(folder + "/attention.csv", model);
  const char* source = "llmservingsim";
  return {operator_set(source, "GEMM, with its launch", false, model, gpu, rows.gemms),
          operator_set(source, "elementwise", false, model, gpu, rows.elementwise),
          operator_set(source, "LM head", true, model, gpu, heads),
          operator_set(source, "decode attention", true, model, gpu, attention),
          operator_set(source, "layer less attention", true, model, gpu, rows.layers)};
}

}  // namespace hexgen
