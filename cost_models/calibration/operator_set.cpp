#include "cost_models/calibration/operator_set.h"

#include <map>

namespace hexgen {
namespace {

double operator_s(const StageCost& cost, Operator op, double tokens) {
  const CostTerms terms = cost_terms(cost, prefill_shape(tokens));
  switch (op) {
    case Operator::kQkv:
      return cost.gemms[0].time_s(tokens);
    case Operator::kOutput:
      return cost.gemms[1].time_s(tokens);
    case Operator::kGateUp:
      return cost.gemms[2].time_s(tokens);
    case Operator::kDown:
      return cost.gemms[3].time_s(tokens);
    case Operator::kLmHead:
      return cost.lm_head.time_s(tokens);
    case Operator::kPrefillAttention:
      return terms.attention_s;
    case Operator::kDecodeAttention:
      return cost.kv_read_s_per_token * tokens;
    case Operator::kElementwise:
      return terms.elementwise_s;
    case Operator::kProjections:
      return terms.gemm_s + terms.overhead_s;
    case Operator::kLayerWithoutAttention:
      return terms.gemm_s + terms.elementwise_s + terms.overhead_s;
  }
  return 0;
}

}  // namespace

DataSet operator_set(const std::string& source,
                     const std::string& what,
                     bool fitted,
                     const ModelSpec& model,
                     const GpuType& gpu,
                     const std::vector<OperatorRow>& rows) {
  DataSet set = {.source = source, .what = what, .fitted = fitted};
  for (const OperatorRow& row : rows) {
    set.measured_s.push_back(row.measured_s);
    set.size.push_back(row.tokens);
  }
  set.predict_s = [model, gpu, rows](const Constants& constants) {
    std::map<int, StageCost> cost_of_degree;
    for (const OperatorRow& row : rows) {
      if (cost_of_degree.count(row.tp_degree) == 0) {
        const StagePosition last = {.first = false, .last = true};
        cost_of_degree[row.tp_degree] = cost_with(constants, model, gpu, row.tp_degree, 1, last);
      }
    }
    std::vector<double> predicted_s;
    for (const OperatorRow& row : rows) {
      predicted_s.push_back(operator_s(cost_of_degree.at(row.tp_degree), row.op, row.tokens));
    }
    return predicted_s;
  };
  return set;
}

}  // namespace hexgen
