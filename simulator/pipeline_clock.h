#pragma once

#include "simulator/pipeline.h"

namespace hexgen {

/// A pipeline that nothing disturbs: service and transfer times are known at launch, so the whole
/// way of a micro-batch is computed there. Start at stage s = max(arrival at s, end of the
/// micro-batch before at s), and so for the links between stages.
class PipelineClock final : public Pipeline {
 public:
  PipelineClock(const ReplicaModel& model, EngineOverhead overhead, ExecutionProbe probe);

  SimTime first_stage_free() const override { return free_.front(); }

  void launch(const IterationShape& shape,
              SimTime start,
              std::int64_t iteration,
              Passage& passage) override;
  void book(const StageService& service, SimTime end) override;

  EventKey next_event() const override { return kNever; }

  void carry_out_next() override {}

  /// Only when nothing is under way: what is, was booked to its end.
  void cut(SimTime now) override;

 private:
  SimTime hand_off(std::size_t stage, const BatchShape& tokens, SimTime begin);

  std::vector<SimTime> free_;                    // [stage]
  std::vector<std::vector<SimTime>> link_free_;  // [stage][leg of its hand-off]
};

}  // namespace hexgen
