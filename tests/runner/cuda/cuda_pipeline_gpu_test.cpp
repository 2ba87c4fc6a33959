#include <cuda_runtime_api.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/model_config.h"
#include "runner/cuda/cuda_backend.h"
#include "runner/weights/checkpoint.h"
#include "runner/weights/random_weights.h"
#include "tests/runner/engine/cpu_pipeline.h"

// The expectations were computed by Hugging Face transformers (scripts/make_goldens) and, for
// decode steps, by the CPU backend, which is checked against them too. With fewer GPUs than ranks,
// several ranks share one.

using hexgen::Checkpoint;
using hexgen::CommunicatorKind;
using hexgen::CudaBackendOptions;
using hexgen::ElementType;
using hexgen::Generation;
using hexgen::GenerationRequest;
using hexgen::ModelSpec;
using hexgen::PipelineRank;
using hexgen::PipelineSetup;
using hexgen::SchedulerLimits;
using hexgen::TokenChoice;
using hexgen::test::cpu_pipeline;
using hexgen::test::generate_on_cpu;
using hexgen::test::StageSize;

namespace {

constexpr double kTolerance = 2e-2;
constexpr CudaBackendOptions kBf16 = {};
constexpr CudaBackendOptions kFp16 = {.dtype = ElementType::kFloat16};

// The random models of tests/data/models are sharper than bf16 can follow: by the same measure
// transformers 5.23 itself, run in bf16 with eager attention, is off by up to 0.082 (llama-gqa).
constexpr double kSharpTolerance = 0.082;
const std::string kTrained = "tests/data/tiny-llama";
const char* const kModels[] = {"llama-gqa",
                               "llama3-rope-tied",
                               "llama3-rope-old",
                               "mistral-sharded",
                               "qwen2-bias",
                               "qwen3-norms"};

std::vector<Generation> generate_on_gpus(const PipelineSetup& setup,
                                         const std::vector<GenerationRequest>& requests,
                                         const CudaBackendOptions& options = kBf16) {
  std::vector<Generation> generations;
  const double deadline_s = 60;
  run_local_pipeline(
      setup,
      [&](int device, int) {
        return hexgen::make_cuda_backend(device % hexgen::num_cuda_gpus(), options);
      },
      deadline_s,
      [&](PipelineRank& driver) { generations = generate(driver, setup.limits, requests); });
  return generations;
}

/// Largest difference of two distributions' log-probabilities, relative to the largest expected.
double error_of(const TokenChoice& choice, const std::vector<double>& expected) {
  double error = choice.top.size() == expected.size() ? 0 : NAN;
  double largest = 0;
  for (const hexgen::TokenLogprob& entry : choice.top) {
    const double golden = expected.at(static_cast<std::size_t>(entry.token));
    error = std::max(error, std::abs(entry.logprob - golden));
    largest = std::max(largest, std::abs(golden));
  }
  return error / largest;
}

std::vector<double> by_token(const TokenChoice& choice) {
  std::vector<double> logprobs(choice.top.size());
  for (const hexgen::TokenLogprob& entry : choice.top) {
    logprobs.at(static_cast<std::size_t>(entry.token)) = entry.logprob;
  }
  return logprobs;
}

struct Golden {
  std::vector<int> prompt;
  std::vector<double> logprobs;  // of the token behind it
};

/// Every golden prompt, and every golden text without its last token as another prompt.
std::vector<Golden> goldens_of(const std::string& folder) {
  std::vector<Golden> goldens;
  const nlohmann::json file = nlohmann::json::parse(hexgen::read_file(folder + "/golden.json"));
  for (const nlohmann::json& golden : file.at("cases")) {
    std::vector<int> text = golden.at("prompt");
    goldens.push_back({text, golden.at("first_logprobs")});
    const std::vector<int> greedy = golden.at("greedy");
    text.insert(text.end(), greedy.begin(), greedy.end() - 1);
    goldens.push_back({text, golden.at("last_logprobs")});
  }
  return goldens;
}

std::vector<double> log_softmax(std::vector<double> logits) {
  double sum = 0;
  for (const double logit : logits) {
    sum += std::exp(logit);
  }
  for (double& logit : logits) {
    logit -= std::log(sum);
  }
  return logits;
}

/// The prompts of the trained model.
std::vector<Golden> trained_goldens() {
  std::vector<Golden> goldens;
  const nlohmann::json file = nlohmann::json::parse(hexgen::read_file(kTrained + "/greedy.json"));
  for (const nlohmann::json& golden : file.at("cases")) {
    goldens.push_back({golden.at("prompt_tokens"), log_softmax(golden.at("first_logits"))});
  }
  return goldens;
}

GenerationRequest request(std::size_t id, std::vector<int> prompt, int tokens, int logprobs) {
  return {.id = id,
          .prompt = std::move(prompt),
          .max_new_tokens = tokens,
          .stop_tokens = {},
          .sampling = {.logprobs = logprobs}};
}

/// What comes behind each of a model's goldens under a plan.
std::vector<Generation> answers(const std::string& folder,
                                const std::vector<Golden>& goldens,
                                const std::vector<StageSize>& stages,
                                const CudaBackendOptions& options) {
  const ModelSpec model = hexgen::read_model(folder);
  const Checkpoint weights(folder);
  std::vector<GenerationRequest> requests;
  for (const Golden& golden : goldens) {
    requests.push_back(request(requests.size(), golden.prompt, 1, model.vocab_size));
  }
  return generate_on_gpus(
      cpu_pipeline(model, weights, stages, {.max_requests = 4, .max_batch_tokens = 50}),
      requests,
      options);
}

/// The worst error over a model's goldens under a plan.
double golden_error(const std::string& folder,
                    const std::vector<Golden>& goldens,
                    const std::vector<StageSize>& stages,
                    const CudaBackendOptions& options) {
  const std::vector<Generation> generations = answers(folder, goldens, stages, options);
  double worst = 0;
  for (std::size_t i = 0; i < goldens.size(); ++i) {
    worst = std::max(worst, error_of(generations[i].choices.back(), goldens[i].logprobs));
  }
  return worst;
}

/// A model for whose heads there are decode kernels; weights are random.
ModelSpec model_with_decode_kernels(int head_dim) {
  return {.name = "random",
          .num_layers = 4,
          .hidden_dim = 96,
          .ffn_dim = 200,
          .num_heads = 6,
          .num_kv_heads = 2,
          .head_dim = head_dim,
          .vocab_size = 333,
          .qkv_bias = true,
          .qk_norm = true};
}

std::vector<GenerationRequest> several_requests(int vocab_size) {
  std::vector<GenerationRequest> requests;
  for (const int length : {1, 7, 40, 90}) {
    std::vector<int> prompt;
    for (int i = 0; i < length; ++i) {
      prompt.push_back((i * i * 31 + length) % vocab_size);
    }
    requests.push_back(request(requests.size(), prompt, 40 - length / 4, vocab_size));
  }
  return requests;
}

/// Decodes on GPUs, then asks the CPU for the distribution behind each of the texts that came out
/// but for their last token.
double decode_error(const ModelSpec& model,
                    const std::vector<StageSize>& stages,
                    const CudaBackendOptions& options) {
  const hexgen::RandomWeights weights(3);
  const SchedulerLimits limits = {.kv_blocks = 128, .max_requests = 3, .max_batch_tokens = 64};
  const std::vector<Generation> decoded = generate_on_gpus(
      cpu_pipeline(model, weights, stages, limits), several_requests(model.vocab_size), options);
  std::vector<GenerationRequest> requests;
  for (const Generation& generation : decoded) {
    std::vector<int> text = generation.prompt;
    const std::vector<int> tokens = generation.tokens();
    text.insert(text.end(), tokens.begin(), tokens.end() - 1);
    requests.push_back(request(requests.size(), text, 1, model.vocab_size));
  }
  const std::vector<Generation> expected =
      generate_on_cpu(cpu_pipeline(model, weights, {{model.num_layers, 1}}, limits), requests);
  double worst = 0;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const TokenChoice& last = decoded[i].choices.back();
    worst = std::max(worst, error_of(last, by_token(expected[i].choices.front())));
    CHECK(std::abs(last.chosen.logprob - last.top.front().logprob) < 1e-4);  // greedy
  }
  return worst;
}

/// Layers over stages of these TP degrees, the first stages longer.
std::vector<StageSize> stages_of(const std::vector<int>& tp_degrees, int layers = 4) {
  std::vector<StageSize> stages;
  const int count = static_cast<int>(tp_degrees.size());
  for (int i = 0; i < count; ++i) {
    stages.push_back(
        {layers / count + (i < layers % count ? 1 : 0), tp_degrees[static_cast<std::size_t>(i)]});
  }
  return stages;
}

const std::vector<std::vector<int>> kPlans = {{1},
                                              {2},
                                              {3},
                                              {4},
                                              {1, 1},
                                              {2, 1},
                                              {1, 2},
                                              {3, 1},
                                              {1, 3},
                                              {2, 2},
                                              {2, 1, 1},
                                              {1, 2, 1},
                                              {1, 1, 2},
                                              {2, 3, 1},
                                              {1, 1, 1, 1}};

const std::vector<std::vector<int>> kFewPlans = {{1}, {3}, {1, 2}, {3, 1}, {2, 1, 1}};

std::string text_of(const std::vector<int>& plan) {
  std::string text;
  for (const int tp_degree : plan) {
    text += (text.empty() ? "[" : ",") + std::to_string(tp_degree);
  }
  return text + "]";
}

}  // namespace

TEST_CASE("under 15 plans a trained model's bf16 distributions are those of transformers in fp32") {
  for (const std::vector<int>& plan : kPlans) {
    const std::string what = text_of(plan) + " tiny-llama";
    CAPTURE(what);
    const double error = golden_error(kTrained, trained_goldens(), stages_of(plan, 6), kBf16);
    MESSAGE(what, ": ", error);
    CHECK(error < kTolerance);
  }
}

TEST_CASE("under 15 plans every kind of model is as close as transformers in bf16") {
  for (const std::vector<int>& plan : kPlans) {
    for (const char* name : kModels) {
      const std::string folder = std::string("tests/data/models/") + name;
      const std::string what = text_of(plan) + " " + name;
      CAPTURE(what);
      const double error = golden_error(folder, goldens_of(folder), stages_of(plan), kBf16);
      MESSAGE(what, ": ", error);
      CHECK(error < kSharpTolerance);
    }
  }
}

TEST_CASE("under 5 plans fp16 distributions of all models are those of transformers in fp32") {
  for (const std::vector<int>& plan : kFewPlans) {
    const double trained = golden_error(kTrained, trained_goldens(), stages_of(plan, 6), kFp16);
    MESSAGE("fp16 ", text_of(plan), " tiny-llama: ", trained);
    CHECK(trained < kTolerance / 8);  // fp16 has three bits more
    for (const char* name : kModels) {
      const std::string folder = std::string("tests/data/models/") + name;
      const std::string what = "fp16 " + text_of(plan) + " " + name;
      CAPTURE(what);
      const double error = golden_error(folder, goldens_of(folder), stages_of(plan), kFp16);
      MESSAGE(what, ": ", error);
      CHECK(error < kTolerance);
    }
  }
}

TEST_CASE("under 15 plans decode steps on GPUs follow the CPU backend") {
  for (const std::vector<int>& plan : kPlans) {
    for (const CudaBackendOptions& options : {kBf16, kFp16}) {
      for (const int head_dim : {64, 128}) {
        const bool half = options.dtype == ElementType::kFloat16;
        const std::string what = text_of(plan) + " heads of " + std::to_string(head_dim);
        CAPTURE(what);
        const double error =
            decode_error(model_with_decode_kernels(head_dim), stages_of(plan), options);
        MESSAGE(what, half ? " fp16: " : " bf16: ", error);
        CHECK(error < (half ? kTolerance / 8 : kTolerance));
      }
    }
  }
}

TEST_CASE("under 15 plans device memory carries the same bits as host memory") {
  for (const std::vector<int>& plan : kPlans) {
    for (const ElementType dtype : {ElementType::kBfloat16, ElementType::kFloat16}) {
      CAPTURE(text_of(plan));
      const auto logprobs = [&](CommunicatorKind kind) {
        std::vector<std::vector<double>> all;
        for (const Generation& answer : answers(kTrained,
                                                trained_goldens(),
                                                stages_of(plan, 6),
                                                {.dtype = dtype, .communicator = kind})) {
          all.push_back(by_token(answer.choices.back()));
        }
        return all;
      };
      CHECK(logprobs(CommunicatorKind::kPeer) == logprobs(CommunicatorKind::kHost));
    }
  }
}

TEST_CASE("over NCCL plans of two ranks are as close to transformers as over device memory") {
  if (hexgen::num_cuda_gpus() < 2) {
    MESSAGE("skipped: needs two GPUs");
    return;
  }
  for (const std::vector<int>& plan : std::vector<std::vector<int>>{{2}, {1, 1}}) {
    const CudaBackendOptions options = {.dtype = ElementType::kFloat16,
                                        .communicator = CommunicatorKind::kNccl};
    const double error = golden_error(kTrained, trained_goldens(), stages_of(plan, 6), options);
    MESSAGE("NCCL, fp16 ", text_of(plan), " tiny-llama: ", error);
    CHECK(error < kTolerance / 8);
  }
}

TEST_CASE("ranks on partitions of their GPUs are as close to transformers as on whole ones") {
  for (const std::vector<int>& plan : kFewPlans) {
    CudaBackendOptions options = kFp16;
    options.sm_limit = 16;
    CAPTURE(text_of(plan));
    const double error = golden_error(kTrained, trained_goldens(), stages_of(plan, 6), options);
    MESSAGE("16 multiprocessors a rank, fp16 ", text_of(plan), " tiny-llama: ", error);
    CHECK(error < kTolerance / 8);
    CHECK(decode_error(model_with_decode_kernels(128), stages_of(plan), options) < kTolerance / 8);
  }
}

TEST_CASE("the backend of a device works on the GPU of its number") {
  const int gpu = hexgen::num_cuda_gpus() - 1;
  const std::unique_ptr<hexgen::Backend> backend = hexgen::make_cuda_backend(gpu, kBf16);
  int current = -1;
  REQUIRE(cudaGetDevice(&current) == cudaSuccess);
  CHECK(current == gpu);
}

TEST_CASE("a model without kernels is refused by name") {
  ModelSpec model = model_with_decode_kernels(132);
  const hexgen::RandomWeights weights(1);
  const auto run = [&] {
    generate_on_gpus(cpu_pipeline(model, weights, {{4, 1}}), several_requests(model.vocab_size));
  };
  CHECK_THROWS_WITH_AS(
      run(),
      "head_dim: 132 has no GPU kernel; there are some for multiples of 4 up to 32 and "
      "of 8 up to 128",
      hexgen::InputError);
  model.head_dim = 64;
  model.hidden_dim = 100;
  CHECK_THROWS_WITH_AS(run(),
                       "hidden_size: 100 is not a multiple of 8, which the GPU kernels need",
                       hexgen::InputError);
}

TEST_CASE("a GPU that the machine does not have is refused") {
  CHECK_THROWS_AS(hexgen::make_cuda_backend(99, kBf16), hexgen::DeviceError);
}
