#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "runner/cli/backend_choice.h"
#include "runner/cli/run_requests.h"
#include "runner/cli/run_target.h"

// What Hugging Face transformers writes stands in greedy.json: scripts/make_tiny_model_goldens.py.
using hexgen::Generation;
using hexgen::GenerationRequest;
using hexgen::RunTarget;
using nlohmann::json;

namespace {

std::vector<GenerationRequest> greedy_requests(const json& cases) {
  std::vector<GenerationRequest> requests;
  for (const json& golden : cases) {
    requests.push_back({.id = requests.size(),
                        .prompt = golden.at("prompt_tokens"),
                        .max_new_tokens = static_cast<int>(golden.at("greedy_tokens").size())});
  }
  return requests;
}

}  // namespace

TEST_CASE("the tiny model writes under an asymmetric plan what transformers writes on one device") {
  const json greedy = json::parse(hexgen::read_file("tests/data/tiny-llama/greedy.json"));
  const json& cases = greedy.at("cases");
  const RunTarget target = hexgen::load_target(
      {.plan = "tests/data/plan/tiny_llama.json", .model = "tests/data/tiny-llama"});
  REQUIRE(target.tokenizer.has_value());
  for (const int prefill_chunk_tokens : {512, 5}) {
    const std::vector<Generation> generations =
        hexgen::run_requests(target,
                             hexgen::PipelineRunner(target, {}, {.name = "cpu"}),
                             prefill_chunk_tokens,
                             greedy_requests(cases),
                             [](const hexgen::TokenEvent&) {});
    REQUIRE(generations.size() == 6);
    for (std::size_t i = 0; i < generations.size(); ++i) {
      CAPTURE(cases[i].at("prompt").get<std::string>());
      CHECK(generations[i].tokens() == cases[i].at("greedy_tokens").get<std::vector<int>>());
      CHECK(target.tokenizer->decode(generations[i].tokens()) == cases[i].at("text"));
    }
  }
}

TEST_CASE("GPUs compute in what the weights are stored in, unless told otherwise") {
  using hexgen::compute_type;
  using hexgen::ElementType;
  CHECK(compute_type("auto", ElementType::kFloat16) == ElementType::kFloat16);
  CHECK(compute_type("auto", ElementType::kBfloat16) == ElementType::kBfloat16);
  CHECK(compute_type("auto", ElementType::kFloat32) == ElementType::kBfloat16);
  CHECK(compute_type("fp16", ElementType::kFloat32) == ElementType::kFloat16);
  CHECK(compute_type("bf16", ElementType::kFloat16) == ElementType::kBfloat16);
  CHECK_THROWS_AS(compute_type("fp64", ElementType::kFloat32), hexgen::InputError);
}
