#include "profiles/model_config.h"

#include <doctest/doctest.h>

#include "profiles/builtin_files.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"

using hexgen::InputError;
using hexgen::ModelSpec;

namespace {

ModelSpec parse(const std::string& config) {
  return hexgen::parse_model(
      {.role = "model", .name = "tiny", .label = "config.json", .text = config});
}

/// A config.json of a tiny Llama; `extra` are further members, each with a comma in front.
std::string tiny(const std::string& extra, const std::string& architecture = "LlamaForCausalLM") {
  return R"({"architectures": [")" + architecture +
         R"("], "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 5,
             "num_attention_heads": 8, "vocab_size": 512)" +
         extra + "}";
}

}  // namespace

TEST_CASE("every shipped model has the parameters and KV bytes of the published checkpoint") {
  struct Golden {
    const char* name;
    std::int64_t parameters;
    double kv_bytes_per_token;
  };

  // Totals of the tensors in the published checkpoints; KV in 16 bits.
  const Golden golden[] = {
      {"llama-2-7b", 6'738'415'616, 524'288},
      {"llama-2-13b", 13'015'864'320, 819'200},
      {"llama-2-70b", 68'976'648'192, 327'680},
      {"llama-3-8b", 8'030'261'248, 131'072},
      {"llama-3-70b", 70'553'706'496, 327'680},
      {"llama-3.1-8b", 8'030'261'248, 131'072},
      {"llama-3.1-70b", 70'553'706'496, 327'680},
      {"mistral-7b", 7'241'732'096, 131'072},
      {"qwen2.5-0.5b", 494'032'768, 12'288},
      {"qwen2.5-7b", 7'615'616'512, 57'344},
      {"qwen3-0.6b", 596'049'920, 114'688},
      {"qwen3-8b", 8'190'735'360, 147'456},
      {"qwen3-32b", 32'762'123'264, 262'144},
      {"smollm2-135m", 134'515'008, 23'040},
  };
  CHECK(std::size(golden) == hexgen::builtin_names("models").size());
  for (const Golden& expected : golden) {
    CAPTURE(expected.name);
    const ModelSpec model = hexgen::read_model(expected.name);
    CHECK(model.name == expected.name);
    CHECK(hexgen::parameter_count(model) == expected.parameters);
    CHECK(hexgen::kv_bytes_per_token(model) == expected.kv_bytes_per_token);
  }
}

TEST_CASE("heads, KV heads and head size have the defaults of transformers") {
  const ModelSpec model = parse(tiny(""));
  CHECK(model.num_kv_heads == 8);
  CHECK(model.head_dim == 8);
  CHECK(model.max_context_tokens == 0);
  CHECK_FALSE(model.tied_embeddings);
  CHECK(parse(tiny(R"(, "num_key_value_heads": 4)")).num_kv_heads == 4);
  CHECK(parse(tiny(R"(, "num_key_value_heads": null)")).num_kv_heads == 8);
  CHECK(parse(tiny(R"(, "head_dim": 16)")).head_dim == 16);  // 8 * 16 need not be the hidden size
}

TEST_CASE("the shape that transformers 5 writes reads like the old one") {
  const ModelSpec now = parse(tiny(
      R"(, "dtype": "bfloat16", "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"})"));
  CHECK(now.dtype == "bfloat16");
  CHECK(now.weight_bytes_per_parameter == 2);
  const ModelSpec before =
      parse(tiny(R"(, "torch_dtype": "float32", "rope_theta": 1e4, "rope_scaling": null)"));
  CHECK(before.dtype == "float32");
  CHECK(before.weight_bytes_per_parameter == 4);
  CHECK(before.kv_bytes_per_element == 4);
}

TEST_CASE("RoPE, epsilon and end tokens are read from both shapes, with transformers' defaults") {
  const ModelSpec plain = parse(tiny(""));
  CHECK(plain.rope_theta == 10'000);
  CHECK(plain.rope_scaling.type == "default");
  CHECK(plain.rms_norm_epsilon == 1e-6);
  CHECK(plain.eos_token_ids.empty());

  const std::string llama3 =
      R"("rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
         "original_max_position_embeddings": 8192)";
  const ModelSpec before = parse(tiny(R"(, "rope_theta": 5e5, "rms_norm_eps": 1e-5,
      "eos_token_id": 7, "rope_scaling": {)" +
                                      llama3 + "}"));
  const ModelSpec now = parse(tiny(R"(, "rms_norm_eps": 1e-5, "eos_token_id": [7],
      "rope_parameters": {"rope_theta": 5e5, )" +
                                   llama3 + "}"));
  for (const ModelSpec& model : {before, now}) {
    CHECK(model.rope_theta == 500'000);
    CHECK(model.rope_scaling.type == "llama3");
    CHECK(model.rope_scaling.factor == 8);
    CHECK(model.rope_scaling.low_freq_factor == 1);
    CHECK(model.rope_scaling.high_freq_factor == 4);
    CHECK(model.rope_scaling.original_context_tokens == 8192);
    CHECK(model.rms_norm_epsilon == 1e-5);
    CHECK(model.eos_token_ids == std::vector<int>{7});
  }
  CHECK(parse(tiny(R"(, "eos_token_id": [3, 9])")).eos_token_ids == std::vector<int>{3, 9});
  CHECK(parse(tiny(R"(, "rope_scaling": {"type": "linear", "factor": 2})")).rope_scaling.factor ==
        2);
}

TEST_CASE("Qwen2 has QKV biases that no key announces, Qwen3 has q and k norms instead") {
  CHECK(parse(tiny("", "Qwen2ForCausalLM")).qkv_bias);
  CHECK_FALSE(parse(tiny("", "Qwen2ForCausalLM")).qk_norm);
  CHECK(parse(tiny("", "Qwen3ForCausalLM")).qk_norm);
  CHECK_FALSE(parse(tiny("", "Qwen3ForCausalLM")).qkv_bias);
  CHECK_FALSE(parse(tiny("")).qkv_bias);
}

TEST_CASE("a sliding window that is on limits the context, one that is off does not") {
  const std::string window = R"(, "max_position_embeddings": 32768, "sliding_window": 4096)";
  CHECK(parse(tiny(window, "MistralForCausalLM")).max_context_tokens == 4096);
  CHECK(parse(tiny(window, "Qwen2ForCausalLM")).max_context_tokens == 32768);
  CHECK(parse(tiny(window + R"(, "use_sliding_window": true)", "Qwen2ForCausalLM"))
            .max_context_tokens == 4096);
  CHECK(parse(tiny(window + R"(, "layer_types": ["full_attention"])", "Qwen3ForCausalLM"))
            .max_context_tokens == 32768);
  CHECK(parse(tiny(R"(, "max_position_embeddings": 32768, "sliding_window": null)",
                   "MistralForCausalLM"))
            .max_context_tokens == 32768);
}

TEST_CASE("unknown keys of a config.json are tolerated") {
  CHECK(parse(tiny(R"(, "is_llama_config": true, "rope_interleaved": false)")).num_layers == 5);
}

TEST_CASE("a model may be named by its folder, by its config.json or by its catalogue name") {
  CHECK(hexgen::read_model("profiles/models/llama-2-70b.json").num_layers == 80);
  CHECK(hexgen::read_model("llama-2-70b").num_layers == 80);
  CHECK_THROWS_WITH_AS(
      hexgen::read_model("llama-2-70"),
      "'llama-2-70' is neither a file nor a built-in model, did you mean 'llama-2-70b'?",
      InputError);
}
