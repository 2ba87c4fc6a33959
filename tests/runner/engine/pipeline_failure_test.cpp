#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "runner/weights/random_weights.h"
#include "tests/runner/engine/cpu_pipeline.h"

using hexgen::Backend;
using hexgen::BackendFactory;
using hexgen::Communicator;
using hexgen::CpuBackend;
using hexgen::DeviceError;
using hexgen::InputError;
using hexgen::ModelSpec;
using hexgen::PipelineRank;
using hexgen::PipelineSetup;
using hexgen::RandomWeights;
using hexgen::StageExecutor;
using hexgen::StepBatch;

namespace {

ModelSpec tiny_model() {
  return {.num_layers = 4,
          .hidden_dim = 16,
          .ffn_dim = 24,
          .num_heads = 4,
          .num_kv_heads = 2,
          .head_dim = 4,
          .vocab_size = 32};
}

/// Works until a step at which it fails.
class FailingExecutor : public StageExecutor {
 public:
  FailingExecutor(std::unique_ptr<StageExecutor> inner, std::int64_t fails_at)
      : inner_(std::move(inner)),
        fails_at_(fails_at) {}

  std::span<std::byte> residual(const StepBatch& batch) override { return inner_->residual(batch); }

  hexgen::ElementType element_type() const override { return inner_->element_type(); }

  void run(const StepBatch& batch) override {
    if (batch.step == fails_at_) {
      throw DeviceError("the device is on fire");
    }
    inner_->run(batch);
  }

  std::vector<hexgen::TokenChoice> sample(const StepBatch& batch) override {
    return inner_->sample(batch);
  }

 private:
  std::unique_ptr<StageExecutor> inner_;
  std::int64_t fails_at_;
};

class FailingBackend : public CpuBackend {
 public:
  explicit FailingBackend(std::int64_t fails_at)
      : fails_at_(fails_at) {}

  std::unique_ptr<StageExecutor> make_executor(const hexgen::ExecutorSetup& setup,
                                               Communicator& stage) override {
    return std::make_unique<FailingExecutor>(CpuBackend::make_executor(setup, stage), fails_at_);
  }

 private:
  std::int64_t fails_at_;
};

/// Rank `rank` fails at a step; never: -1.
BackendFactory failing_rank(int rank, std::int64_t step) {
  return [rank, step](int own, int) -> std::unique_ptr<Backend> {
    return std::make_unique<FailingBackend>(own == rank ? step : -1);
  };
}

void run_with(const PipelineSetup& setup, const BackendFactory& backends, double deadline_s) {
  run_local_pipeline(setup, backends, deadline_s, [&](PipelineRank& driver) {
    generate(driver, setup.limits, {{.id = 0, .prompt = {1, 2, 3}, .max_new_tokens = 20}});
  });
}

}  // namespace

TEST_CASE("whichever rank fails, all end, and the error names its stage, device and step") {
  const RandomWeights weights(1);
  const PipelineSetup setup =
      hexgen::test::cpu_pipeline(tiny_model(), weights, {{1, 2}, {2, 1}, {1, 2}});
  const char* const names[] = {"stage 0, device n0:0 (rank 0)",
                               "stage 0, device n0:1 (rank 1)",
                               "stage 1, device n1:0 (rank 2)",
                               "stage 2, device n1:1 (rank 3)",
                               "stage 2, device n2:0 (rank 4)"};
  for (int rank = 0; rank < 5; ++rank) {
    const std::string message = std::string(names[rank]) + ", step 6: the device is on fire";
    CHECK_THROWS_WITH_AS(run_with(setup, failing_rank(rank, 6), 60), message.c_str(), DeviceError);
  }
}

TEST_CASE("an error in the input stays one, whichever rank meets it") {
  class NoWeights : public hexgen::WeightSource {
   public:
    void read(const hexgen::TensorSlice& slice, float*) const override {
      throw InputError("model: tensor " + slice.tensor + " is missing");
    }
  };

  const NoWeights weights;
  const PipelineSetup setup = hexgen::test::cpu_pipeline(tiny_model(), weights, {{2, 2}, {2, 1}});
  CHECK_THROWS_WITH_AS(
      run_with(setup, failing_rank(0, -1), 60), doctest::Contains("is missing"), InputError);
}
