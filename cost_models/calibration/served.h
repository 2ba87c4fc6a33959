#pragma once

#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

/// Mean TPOT of whole engines on one node of H100 (`aic_silicon_h100_llama-3.1.csv`): Llama-3.1-70B
/// in fp8 on vLLM and Llama-3.1-8B (taken as bf16, the file does not say) on TensorRT-LLM. Loads
/// whose KV cache does not fit into 90 % of the memory are left out: the engine queues, and the
/// concurrency of the row is not what ran. `saturated_rows` counts them.
std::vector<DataSet> read_served_tpot(const std::string& path,
                                      const GpuType& gpu,
                                      int& saturated_rows);

}  // namespace hexgen
