#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <random>

#include "profiles/model_config.h"
#include "runner/weights/checkpoint.h"
#include "tests/runner/engine/cpu_pipeline.h"

// The strongest test of an asymmetric runner: whatever the plan, the batches and the chunks, the
// tokens are those of one device that runs one request after another, whole prompts at a time.

using hexgen::Checkpoint;
using hexgen::Generation;
using hexgen::GenerationRequest;
using hexgen::ModelSpec;
using hexgen::PipelineSetup;
using hexgen::Stage;
using hexgen::test::cpu_pipeline;
using hexgen::test::generate_on_cpu;
using hexgen::test::StageSize;

namespace {

constexpr int kPlansAModel = 90;  // 540 in all

class Dice {
 public:
  explicit Dice(unsigned seed)
      : engine_(seed) {}

  /// Uniform in 1..most; the standard fixes mt19937, not its distributions.
  int up_to(int most) { return 1 + static_cast<int>(engine_() % static_cast<unsigned>(most)); }

 private:
  std::mt19937 engine_;
};

/// 1 to 4 stages of uneven depth, of 1 to 6 devices where the model has as many heads.
std::vector<StageSize> random_stages(const ModelSpec& model, Dice& dice) {
  std::vector<StageSize> stages;
  int left = model.num_layers;
  const int most_stages = dice.up_to(4);
  while (left > 0) {
    const bool last = static_cast<int>(stages.size()) + 1 == most_stages;
    const int layers = last ? left : dice.up_to(left);
    stages.push_back({.num_layers = layers, .tp_degree = dice.up_to(std::min(6, model.num_heads))});
    left -= layers;
  }
  return stages;
}

PipelineSetup random_pipeline(const ModelSpec& model, const Checkpoint& weights, Dice& dice) {
  PipelineSetup setup = cpu_pipeline(model,
                                     weights,
                                     random_stages(model, dice),
                                     {.kv_blocks = 6 + dice.up_to(12),
                                      .max_requests = dice.up_to(5),
                                      .max_batch_tokens = dice.up_to(40),
                                      .micro_batches = dice.up_to(5)});
  for (Stage& stage : setup.pipeline.stages) {
    if (dice.up_to(2) == 1) {
      for (int rank = 0; rank < stage.tp_degree(); ++rank) {
        stage.shares.push_back(dice.up_to(9));
      }
    }
  }
  return setup;
}

/// Prompts of 1 to 40 tokens, 1 to 12 new tokens; every second request is sampled, not greedy.
std::vector<GenerationRequest> random_requests(const ModelSpec& model, Dice& dice) {
  std::vector<GenerationRequest> requests;
  for (std::uint64_t id = 0; id < 5; ++id) {
    GenerationRequest request = {.id = id, .max_new_tokens = dice.up_to(12)};
    request.prompt.resize(static_cast<std::size_t>(dice.up_to(40)));
    for (int& token : request.prompt) {
      token = dice.up_to(model.vocab_size - 1);
    }
    if (id % 2 == 1) {
      request.sampling = {.temperature = 0.8F, .top_k = 20, .top_p = 0.95F, .seed = 7 + id};
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

/// Tokens of every request alone on one device.
std::vector<std::vector<int>> tokens_on_one_device(const ModelSpec& model,
                                                   const Checkpoint& weights,
                                                   std::vector<GenerationRequest> requests) {
  std::vector<std::vector<int>> tokens;
  for (GenerationRequest& request : requests) {
    request.id = 0;
    tokens.push_back(
        generate_on_cpu(cpu_pipeline(model, weights, {{model.num_layers, 1}}), {request})
            .front()
            .tokens());
  }
  return tokens;
}

void check_random_plans(const std::string& name) {
  const std::string folder = "tests/data/models/" + name;
  const ModelSpec model = hexgen::read_model(folder);
  const Checkpoint weights(folder);
  Dice dice(11);
  const std::vector<GenerationRequest> requests = random_requests(model, dice);
  const std::vector<std::vector<int>> expected = tokens_on_one_device(model, weights, requests);
  for (int plan = 0; plan < kPlansAModel; ++plan) {
    CAPTURE(name);
    CAPTURE(plan);
    const PipelineSetup setup = random_pipeline(model, weights, dice);
    const std::vector<Generation> generations = generate_on_cpu(setup, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      CHECK(generations[i].tokens() == expected[i]);
    }
  }
}

}  // namespace

TEST_CASE("random plans give the tokens of one device: grouped-query attention") {
  check_random_plans("llama-gqa");
}

TEST_CASE("random plans give the tokens of one device: tied embedding, scaled RoPE") {
  check_random_plans("llama3-rope-tied");
}

TEST_CASE("random plans give the tokens of one device: config.json of before transformers 5") {
  check_random_plans("llama3-rope-old");
}

TEST_CASE("random plans give the tokens of one device: head_dim of its own, sharded file") {
  check_random_plans("mistral-sharded");
}

TEST_CASE("random plans give the tokens of one device: QKV biases") {
  check_random_plans("qwen2-bias");
}

TEST_CASE("random plans give the tokens of one device: q and k norms") {
  check_random_plans("qwen3-norms");
}

TEST_CASE("the same plan gives the same bits whenever it runs") {
  const std::string folder = "tests/data/models/llama-gqa";
  const ModelSpec model = hexgen::read_model(folder);
  const Checkpoint weights(folder);
  Dice dice(3);
  const std::vector<GenerationRequest> requests = random_requests(model, dice);
  const PipelineSetup setup =
      cpu_pipeline(model, weights, {{1, 3}, {2, 2}, {1, 4}}, {.max_requests = 5});
  const std::vector<Generation> first = generate_on_cpu(setup, requests);
  for (int again = 0; again < 5; ++again) {
    const std::vector<Generation> next = generate_on_cpu(setup, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      for (std::size_t t = 0; t < first[i].choices.size(); ++t) {
        CHECK(next[i].choices[t].chosen.logprob == first[i].choices[t].chosen.logprob);
      }
    }
  }
}

TEST_CASE(
    "each rank gets the backend and the limit of its own device, whatever its place in the "
    "pipeline") {
  const std::string folder = "tests/data/models/llama-gqa";
  const ModelSpec model = hexgen::read_model(folder);
  const Checkpoint weights(folder);
  PipelineSetup setup = cpu_pipeline(model, weights, {{2, 1}, {2, 2}});  // in a cluster of four
  hexgen::GpuType limited = hexgen::test::round_gpu("limited", 1);
  limited.sm_limit = 24;
  setup.cluster =
      hexgen::test::round_cluster({hexgen::test::round_gpu("whole", 1), limited}, {{0, 2}, {1, 2}});
  setup.pipeline.stages[0].devices = {3};
  setup.pipeline.stages[1].devices = {2, 0};
  std::mutex mutex;
  std::map<int, int> limits;
  const auto make_backend = [&](int device, int sm_limit) {
    const std::lock_guard lock(mutex);
    limits[device] = sm_limit;
    return std::make_unique<hexgen::CpuBackend>();
  };
  hexgen::run_local_pipeline(setup, make_backend, 60, [](hexgen::PipelineRank&) {});
  CHECK(limits == std::map<int, int>{{0, 0}, {2, 24}, {3, 24}});
}
