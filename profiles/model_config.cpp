#include "profiles/model_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "profiles/json_reader.h"

namespace hexgen {

namespace {

// Far above any real model, and small enough that parameter counts stay in 64 bits.
constexpr int kMostLayers = 10'000;
constexpr int kWidest = 1'000'000;
constexpr int kMostTokens = 100'000'000;

// In the order of the names that read_architecture() knows.
enum class Architecture { kLlama, kMistral, kQwen2, kQwen3 };

Architecture read_architecture(const JsonReader& config) {
  const auto architectures = config.find("architectures");
  if (architectures && !architectures->is_null()) {
    const std::vector<JsonReader> names = architectures->items();
    if (names.size() != 1) {
      architectures->fail(std::to_string(names.size()) + " architectures, expected one");
    }
    return static_cast<Architecture>(names[0].one_of(
        {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}));
  }
  return static_cast<Architecture>(
      config.at("model_type").one_of({"llama", "mistral", "qwen2", "qwen3"}));
}

/// A key that is absent or null counts as not given.
std::optional<JsonReader> given(const JsonReader& config, const std::string& key) {
  const auto value = config.find(key);
  return value && !value->is_null() ? value : std::nullopt;
}

bool flag(const JsonReader& config, const std::string& key) {
  const auto value = given(config, key);
  return value && value->boolean();
}

void refuse_flag(const JsonReader& config, const std::string& key) {
  if (flag(config, key)) {
    config.at(key).fail("true is not supported");
  }
}

constexpr double kLargestFactor = 1e6;

void read_llama3_scaling(const JsonReader& rope, RopeScaling& scaling) {
  scaling.low_freq_factor = rope.at("low_freq_factor").positive_number(kLargestFactor);
  const JsonReader high = rope.at("high_freq_factor");
  scaling.high_freq_factor = high.positive_number(kLargestFactor);
  if (scaling.high_freq_factor <= scaling.low_freq_factor) {
    high.fail(high.shown() + " is not more than low_freq_factor");
  }
  scaling.original_context_tokens =
      rope.at("original_max_position_embeddings").small_integer(1, kMostTokens);
}

RopeScaling read_rope_scaling(const JsonReader& rope) {
  RopeScaling scaling;
  const auto type = given(rope, "rope_type") ? given(rope, "rope_type") : given(rope, "type");
  if (!type) {
    if (rope.has("factor")) {
      rope.fail("key 'rope_type' is missing");
    }
    return scaling;
  }
  type->one_of({"default", "linear", "dynamic", "yarn", "llama3"});
  scaling.type = type->string();
  if (scaling.type != "default") {
    scaling.factor = rope.at("factor").positive_number(kLargestFactor);
  }
  if (scaling.type == "llama3") {
    read_llama3_scaling(rope, scaling);
  }
  return scaling;
}

/// Rotary embedding: rope_theta and rope_scaling, or both in rope_parameters (transformers 5).
void read_rope(const JsonReader& config, ModelSpec& model) {
  if (const auto theta = given(config, "rope_theta")) {
    model.rope_theta = theta->positive_number();
  }
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (const auto rope = given(config, key)) {
      model.rope_scaling = read_rope_scaling(*rope);
      if (const auto theta = given(*rope, "rope_theta")) {
        model.rope_theta = theta->positive_number();
      }
      if (const auto fraction = given(*rope, "partial_rotary_factor")) {
        fraction->number(1, 1);
      }
    }
  }
}

void refuse_unsupported(const JsonReader& config) {
  if (const auto quantization = given(config, "quantization_config")) {
    quantization->fail("quantised checkpoints are not supported");
  }
  for (const char* key : {"rope_interleaved", "attention_bias", "mlp_bias"}) {
    refuse_flag(config, key);
  }
  if (const auto fraction = given(config, "partial_rotary_factor")) {
    fraction->number(1, 1);
  }
  if (const auto activation = given(config, "hidden_act")) {
    activation->one_of({"silu"});
  }
}

void read_dtype(const JsonReader& config, ModelSpec& model) {
  const auto dtype = config.has("dtype") ? given(config, "dtype") : given(config, "torch_dtype");
  if (!dtype) {
    return;  // served in the default of ModelSpec
  }
  dtype->one_of({"float32", "float16", "bfloat16"});
  model.dtype = dtype->string();
  const double bytes = model.dtype == "float32" ? 4.0 : 2.0;
  model.weight_bytes_per_parameter = bytes;
  model.kv_bytes_per_element = bytes;
  model.activation_bytes_per_element = bytes;
}

void read_heads(const JsonReader& config, ModelSpec& model) {
  model.num_heads = config.at("num_attention_heads").small_integer(1, kWidest);
  model.num_kv_heads = model.num_heads;
  if (const auto heads = given(config, "num_key_value_heads")) {
    model.num_kv_heads = heads->small_integer(1, model.num_heads);
    if (model.num_heads % model.num_kv_heads != 0) {
      heads->fail(heads->shown() + " does not divide the " + std::to_string(model.num_heads) +
                  " attention heads");
    }
  }
  if (const auto head_dim = given(config, "head_dim")) {
    model.head_dim = head_dim->small_integer(1, kWidest / model.num_heads);
  } else if (model.hidden_dim % model.num_heads == 0) {
    model.head_dim = model.hidden_dim / model.num_heads;
  } else {
    config.at("num_attention_heads")
        .fail(std::to_string(model.num_heads) + " does not divide hidden_size " +
              std::to_string(model.hidden_dim) + ", and head_dim is missing");
  }
}

bool slides(const JsonReader& config, Architecture architecture) {
  if (const auto layers = given(config, "layer_types")) {
    const std::vector<JsonReader> types = layers->items();
    return std::any_of(types.begin(), types.end(), [](const JsonReader& type) {
      return type.one_of({"full_attention", "sliding_attention"}) == 1;
    });
  }
  return architecture == Architecture::kMistral || flag(config, "use_sliding_window");
}

void read_context(const JsonReader& config, Architecture architecture, ModelSpec& model) {
  if (const auto tokens = given(config, "max_position_embeddings")) {
    model.max_context_tokens = tokens->small_integer(1, kMostTokens);
  }
  const auto window = given(config, "sliding_window");
  if (window && slides(config, architecture)) {
    const int tokens = window->small_integer(1, kMostTokens);
    model.max_context_tokens =
        model.max_context_tokens == 0 ? tokens : std::min(model.max_context_tokens, tokens);
  }
}

}  // namespace

ModelSpec model_from_json(const JsonReader& config, const std::string& name) {
  const Architecture architecture = read_architecture(config);
  refuse_unsupported(config);
  ModelSpec model;
  model.name = name;
  model.num_layers = config.at("num_hidden_layers").small_integer(1, kMostLayers);
  model.hidden_dim = config.at("hidden_size").small_integer(1, kWidest);
  model.ffn_dim = config.at("intermediate_size").small_integer(1, kWidest);
  model.vocab_size = config.at("vocab_size").small_integer(1, kMostTokens);
  read_heads(config, model);
  read_context(config, architecture, model);
  read_dtype(config, model);
  read_rope(config, model);
  model.eos_token_ids = end_tokens_from_json(config, model.vocab_size);
  if (const auto epsilon = given(config, "rms_norm_eps")) {
    model.rms_norm_epsilon = epsilon->positive_number(1);
  }
  // Qwen2 has biases on q, k and v that no key announces; Qwen3 normalises q and k instead.
  model.qkv_bias = architecture == Architecture::kQwen2;
  model.qk_norm = architecture == Architecture::kQwen3;
  model.tied_embeddings = flag(config, "tie_word_embeddings");
  return model;
}

std::vector<int> end_tokens_from_json(const JsonReader& config, int vocab_size) {
  const auto given_tokens = given(config, "eos_token_id");
  std::vector<int> tokens;
  if (!given_tokens) {
    return tokens;
  }
  const std::vector<JsonReader> list = given_tokens->value().is_array()
                                           ? given_tokens->items()
                                           : std::vector<JsonReader>{*given_tokens};
  for (const JsonReader& token : list) {
    tokens.push_back(token.small_integer(0, vocab_size - 1));
  }
  return tokens;
}

ModelSpec parse_model(const InputFile& file) {
  const JsonDocument document = JsonDocument::parse(file.text, file.label);
  return model_from_json(document.root(), file.name);
}

ModelSpec read_model(const std::string& path_or_name) {
  return parse_model(load_model_file(path_or_name));
}

}  // namespace hexgen
