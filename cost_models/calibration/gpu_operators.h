#pragma once

#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

/// Operator times that Vidur measured for Llama-2-70B at TP 1, 2, 4 and 8
/// (`vidur_<gpu>_llama-2-70b_mlp.csv`, medians).
std::vector<DataSet> read_vidur_operators(const std::string& path, const GpuType& gpu);

/// Operator times that LLMServingSim measured, 1 to 2048 tokens (`lss_..._layers.csv`). Its norms,
/// RoPE and activation are eager kernels, far slower than an engine's: they are reported, and kept
/// out of the fit.
std::vector<DataSet> read_lss_operators(const std::string& path,
                                        const GpuType& gpu,
                                        const ModelSpec& model,
                                        int tp_degree);

/// Operator times of Llama-3.1-8B under vLLM 0.19 that LLMServingSim measured (folder
/// `layer_profile/`), with the attention of decode steps whose KV cache does not fit in an L2.
std::vector<DataSet> read_vllm_operators(const std::string& folder, const GpuType& gpu);

}  // namespace hexgen
