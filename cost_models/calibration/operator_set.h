#pragma once

#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

enum class Operator {
  kQkv,
  kOutput,
  kGateUp,
  kDown,
  kLmHead,
  kPrefillAttention,
  kDecodeAttention,
  kElementwise,           // norms, RoPE, activation, residual
  kProjections,           // the four GEMMs of a layer and its overhead
  kLayerWithoutAttention  // the same and the elementwise kernels
};

struct OperatorRow {
  Operator op = Operator::kQkv;
  int tp_degree = 1;
  double tokens = 0;  // rows of a GEMM, tokens of a prompt, or KV tokens that a decode step reads
  double measured_s = 0;
};

/// Times of operators of one layer of `model`, or of its LM head, on GPUs of one type.
DataSet operator_set(const std::string& source,
                     const std::string& what,
                     bool fitted,
                     const ModelSpec& model,
                     const GpuType& gpu,
                     const std::vector<OperatorRow>& rows);

}  // namespace hexgen
