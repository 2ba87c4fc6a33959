#pragma once

#include <string>
#include <vector>

#include "profiles/input_file.h"
#include "profiles/model_spec.h"

namespace hexgen {

class JsonReader;

/// Reads a Hugging Face config.json, old shape (torch_dtype, rope_scaling) or that of transformers
/// 5 (dtype, rope_parameters), of the architectures LlamaForCausalLM, MistralForCausalLM,
/// Qwen2ForCausalLM and Qwen3ForCausalLM. Unknown keys are tolerated, as there are many; what would
/// change the computation and is not supported is refused by name: quantisation, unknown RoPE
/// types, interleaved or partial RoPE, biases other than Qwen2's, activations other than SiLU. With
/// sliding-window attention the context is limited to the window, within which it computes the same
/// as full attention. Throws InputError.
ModelSpec model_from_json(const JsonReader& config, const std::string& name);

/// The end-of-text tokens that a generation_config.json names; none when it does not.
std::vector<int> end_tokens_from_json(const JsonReader& config, int vocab_size);

ModelSpec parse_model(const InputFile& file);

/// A Hugging Face model folder, a config.json, or a catalogue name such as "llama-2-70b".
ModelSpec read_model(const std::string& path_or_name);

}  // namespace hexgen
