#pragma once

#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

/// Time of one layer of Llama-2-70B that Helix measured with vLLM 0.4.0 on `gpus` GPUs
/// (`helix/llama2_70b/<machine>/`): prompts by tokens of the batch, decode by requests of the
/// batch. The files do not say how long prompts and contexts were; taken are the lengths Helix
/// serves, of the Azure conversation trace: prompts of 763 tokens, contexts of 763 + 232 / 2.
std::vector<DataSet> read_helix(const std::string& folder, const GpuType& gpu, int gpus);

/// One decode step of OPT-13B and OPT-30B on RTX A4000s, one a machine, 9.65 Gb/s and a ping of 0.5
/// ms (0.25 ms each way) apart (BinhangYuan/decentralized_Inference_cost_mode@a89bb92, README): the
/// difference of the published times for 128 and 32 output tokens over 96. OPT is not of the Llama
/// family: a gated MLP of 8/3 hidden_dim stands for its two matrices of 4 hidden_dim, with as many
/// weights. The times for one output token are left out: 0.26 s for 16 prompts of 512 tokens would
/// be 819 TFLOP/s on two cards.
DataSet a4000_decode_steps(const GpuType& gpu);

}  // namespace hexgen
