#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cost_models/device_shard.h"
#include "profiles/model_spec.h"
#include "runner/comm/communicator.h"
#include "runner/comm/transport.h"
#include "runner/engine/step_batch.h"
#include "runner/weights/weight_source.h"

namespace hexgen {

/// One device's part of a stage: its layers on its shard, with its KV cache. All ranks of the stage
/// call run() and sample() with the same batches in the same order. A GPU's executor may return
/// before the work is done; sample() on rank 0 is where it waits.
class StageExecutor {
 public:
  virtual ~StageExecutor() = default;

  /// Memory of the residual stream of this batch: [batch.num_tokens(), hidden_dim] of
  /// element_type(). On stages after the first, the hand-off fills it before run(); run() leaves in
  /// it the complete sum, the same on every rank of the stage.
  virtual std::span<std::byte> residual(const StepBatch& batch) = 0;
  virtual ElementType element_type() const = 0;

  /// The first stage starts from the batch's tokens, the others from residual().
  virtual void run(const StepBatch& batch) = 0;

  /// Last stage, behind run(): a choice for every slice that samples, in their order, on rank 0 of
  /// the stage; nothing on the others.
  virtual std::vector<TokenChoice> sample(const StepBatch& batch) = 0;
};

/// What one rank executes.
struct ExecutorSetup {
  ModelSpec model;
  std::vector<DeviceShard> shards;  // of all ranks of the stage
  int rank = 0;                     // in the stage
  int kv_blocks = 0;                // of kernels::kKvBlockTokens tokens
  int max_batch_tokens = 0;         // of one StepBatch
  const WeightSource* weights = nullptr;

  const DeviceShard& shard() const { return shards[static_cast<std::size_t>(rank)]; }
};

/// Makes what one rank needs of its device; one object a rank, made and used on its own thread.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Groups are made in the same order on all their members. `members` are ranks of the pipeline;
  /// `channel` belongs to the group alone.
  virtual std::unique_ptr<Communicator> make_communicator(Transport& transport,
                                                          const std::vector<int>& members,
                                                          int channel) = 0;

  /// Loads the shard's weights. `stage` joins the ranks of the stage and outlives the executor.
  virtual std::unique_ptr<StageExecutor> make_executor(const ExecutorSetup& setup,
                                                       Communicator& stage) = 0;
};

}  // namespace hexgen
