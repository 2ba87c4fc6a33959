#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "runner/comm/transport.h"
#include "runner/engine/arrival_queue.h"
#include "runner/engine/hand_off.h"
#include "runner/engine/pipeline_setup.h"
#include "runner/engine/scheduler.h"
#include "runner/engine/stage_executor.h"

namespace hexgen {

/// One rank of a pipeline at work. The driver, rank 0, sends every batch to all ranks ahead of the
/// data; each then receives the residual stream from the stage before it, runs its layers, and
/// hands over to the stage behind it. Rank 0 of the last stage draws the tokens and returns them to
/// the driver, and to nobody else.
class PipelineRank {
 public:
  /// Joins its groups and loads its weights: all ranks are made at the same time. Transport and
  /// backend must outlive it.
  PipelineRank(const PipelineSetup& setup, Transport& transport, Backend& backend);

  /// On the driver: runs batches until the scheduler has no work left and nothing more arrives.
  /// Calls back for every token.
  void drive(Scheduler& scheduler,
             ArrivalQueue& arrivals,
             const std::function<void(const TokenEvent&)>& on_token);

  /// On the driver: ends follow() on the other ranks.
  void dismiss();

  /// On the other ranks: runs what the driver sends until it dismisses them.
  void follow();

  /// The batch at work, or the last one; -1 before the first. For messages about failures.
  std::int64_t last_step() const { return last_step_; }

 private:
  void join_groups(Backend& backend);
  ExecutorSetup executor_setup() const;
  std::unique_ptr<StageBoundary> join_boundary(Backend& backend,
                                               int first_stage,
                                               std::unique_ptr<Communicator>& boundary);

  /// The rank's part of a batch; choices on rank 0 of the last stage.
  std::vector<TokenChoice> execute(const StepBatch& batch);
  std::vector<TokenChoice> await_choices();
  void idle_until(ArrivalQueue::Clock::time_point end);
  void send_to_all(const std::vector<std::byte>& message);

  bool chooses() const { return transport_.rank() == chooser_; }

  const PipelineSetup& setup_;
  Transport& transport_;
  RankPlace place_;
  int chooser_;  // rank 0 of the last stage
  std::int64_t last_step_ = -1;
  std::unique_ptr<Communicator> stage_;
  std::unique_ptr<Communicator> before_;  // boundary with the stage before; none on the first
  std::unique_ptr<Communicator> behind_;  // with the stage behind; none on the last
  std::unique_ptr<StageBoundary> receiving_;
  std::unique_ptr<StageBoundary> sending_;
  std::unique_ptr<StageExecutor> executor_;
};

}  // namespace hexgen
