#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "profiles/file.h"
#include "profiles/model_config.h"
#include "runner/weights/checkpoint.h"
#include "tests/runner/engine/cpu_pipeline.h"

// The expectations were computed by Hugging Face transformers: scripts/make_goldens.

using hexgen::Checkpoint;
using hexgen::Generation;
using hexgen::GenerationRequest;
using hexgen::ModelSpec;
using hexgen::TokenChoice;
using hexgen::test::StageSize;

namespace {

const char* const kModels[] = {"llama-gqa",
                               "llama3-rope-tied",
                               "llama3-rope-old",
                               "mistral-sharded",
                               "qwen2-bias",
                               "qwen3-norms"};

std::string folder_of(const std::string& name) {
  return "tests/data/models/" + name;
}

nlohmann::json golden_cases(const std::string& name) {
  return nlohmann::json::parse(hexgen::read_file(folder_of(name) + "/golden.json")).at("cases");
}

std::vector<GenerationRequest> requests_of(const nlohmann::json& cases, const ModelSpec& model) {
  std::vector<GenerationRequest> requests;
  for (const nlohmann::json& golden : cases) {
    requests.push_back({.id = requests.size(),
                        .prompt = golden.at("prompt"),
                        .max_new_tokens = static_cast<int>(golden.at("greedy").size()),
                        .sampling = {.logprobs = model.vocab_size}});
  }
  return requests;
}

/// Largest difference of log-probabilities over the vocabulary, relative to the largest of them.
double error_of(const TokenChoice& choice, const std::vector<double>& expected) {
  double error = 0;
  double largest = 0;
  for (const hexgen::TokenLogprob& entry : choice.top) {
    const double golden = expected.at(static_cast<std::size_t>(entry.token));
    error = std::max(error, std::abs(entry.logprob - golden));
    largest = std::max(largest, std::abs(golden));
  }
  return error / largest;
}

void check_against_golden(const std::string& name, const std::vector<StageSize>& stages) {
  CAPTURE(name);
  const ModelSpec model = hexgen::read_model(folder_of(name));
  const Checkpoint weights(folder_of(name));
  const nlohmann::json cases = golden_cases(name);
  const std::vector<Generation> generations = hexgen::test::generate_on_cpu(
      hexgen::test::cpu_pipeline(
          model, weights, stages, {.max_requests = 4, .max_batch_tokens = 50}),
      requests_of(cases, model));
  REQUIRE(generations.size() == cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CHECK(generations[i].tokens() == cases[i].at("greedy").get<std::vector<int>>());
    CHECK(error_of(generations[i].choices.front(), cases[i].at("first_logprobs")) < 1e-4);
    CHECK(error_of(generations[i].choices.back(), cases[i].at("last_logprobs")) < 1e-4);
    CHECK(generations[i].choices.front().top.size() == static_cast<std::size_t>(model.vocab_size));
  }
}

}  // namespace

TEST_CASE("64 greedy tokens and their log-probabilities are those of Hugging Face transformers") {
  for (const char* name : kModels) {
    check_against_golden(name, {{4, 1}});
  }
}

TEST_CASE("an asymmetric pipeline gives the tokens of Hugging Face transformers too") {
  for (const char* name : kModels) {
    check_against_golden(name, {{2, 3}, {1, 1}, {1, 2}});
  }
}

TEST_CASE("a trained model writes what it writes in Hugging Face transformers, under any plan") {
  const std::string folder = "tests/data/tiny-llama";
  const ModelSpec model = hexgen::read_model(folder);
  const Checkpoint weights(folder);
  const nlohmann::json cases =
      nlohmann::json::parse(hexgen::read_file(folder + "/greedy.json")).at("cases");
  std::vector<GenerationRequest> requests;
  for (const nlohmann::json& golden : cases) {
    requests.push_back({.id = requests.size(),
                        .prompt = golden.at("prompt_tokens"),
                        .max_new_tokens = static_cast<int>(golden.at("greedy_tokens").size())});
  }
  for (const std::vector<StageSize>& stages :
       {std::vector<StageSize>{{6, 1}}, {{1, 5}, {3, 2}, {2, 3}}}) {
    const std::vector<Generation> generations = hexgen::test::generate_on_cpu(
        hexgen::test::cpu_pipeline(model, weights, stages, {.max_requests = 6}), requests);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CHECK(generations[i].tokens() == cases[i].at("greedy_tokens").get<std::vector<int>>());
    }
  }
}
