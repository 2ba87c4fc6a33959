#include "profiles/model_config.h"

#include <algorithm>

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

void refuse_unknown_rope(const JsonReader& rope) {
  for (const char* key : {"rope_type", "type"}) {
    if (const auto type = given(rope, key)) {
      type->one_of({"default", "linear", "dynamic", "yarn", "llama3"});
      return;
    }
  }
  if (rope.has("factor")) {
    rope.fail("key 'rope_type' is missing");
  }
}

void refuse_unsupported(const JsonReader& config) {
  if (const auto quantization = given(config, "quantization_config")) {
    quantization->fail("quantised checkpoints are not supported");
  }
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (const auto rope = given(config, key)) {
      refuse_unknown_rope(*rope);
    }
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
  // Qwen2 has biases on q, k and v that no key announces; Qwen3 normalises q and k instead.
  model.qkv_bias = architecture == Architecture::kQwen2;
  model.qk_norm = architecture == Architecture::kQwen3;
  model.tied_embeddings = flag(config, "tie_word_embeddings");
  return model;
}

ModelSpec parse_model(const InputFile& file) {
  const JsonDocument document = JsonDocument::parse(file.text, file.label);
  return model_from_json(document.root(), file.name);
}

ModelSpec read_model(const std::string& path_or_name) {
  return parse_model(load_model_file(path_or_name));
}

}  // namespace hexgen
