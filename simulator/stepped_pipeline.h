#pragma once

#include "simulator/pipeline.h"
#include "simulator/shared_network.h"

namespace hexgen {

/// A pipeline that goes step by step, since transfers of others may slow its own down or a failure
/// may end it at any time. Undisturbed, it gives the times of PipelineClock.
class SteppedPipeline final : public Pipeline, private TransferOwner {
 public:
  /// `network` outlives the pipeline; null: no transfer meets another.
  SteppedPipeline(const ReplicaModel& model,
                  EngineOverhead overhead,
                  ExecutionProbe probe,
                  SharedNetwork* network);

  // The network knows it by its address.
  SteppedPipeline(const SteppedPipeline&) = delete;
  SteppedPipeline& operator=(const SteppedPipeline&) = delete;

  SimTime first_stage_free() const override;
  void launch(const IterationShape& shape,
              SimTime start,
              std::int64_t iteration,
              Passage& passage) override;
  void book(const StageService& service, SimTime end) override;
  EventKey next_event() const override;
  void carry_out_next() override;
  void cut(SimTime now) override;

 private:
  enum class Kind { kService, kTransfer, kDelay };

  /// First some fixed time, then bytes over the network.
  struct Step {
    Kind kind = Kind::kDelay;
    std::size_t stage = 0;
    int server = -1;  // that the step occupies; -1: none
    SimTime fixed_ns = 0;
    const NetworkLeg* leg = nullptr;
    SimTime flow_ns = 0;  // when alone
  };

  /// One micro-batch on its way.
  struct Trip {
    enum class State { kDone, kInLine, kFixed, kFlowing };
    State state = State::kDone;
    std::uint64_t number = 0;  // in order of launch
    std::vector<Step> steps;
    std::size_t at = 0;
    SimTime begin = 0;  // of the step
    SimTime fixed_end = 0;
    SimTime service_end = 0;  // on the stage before
    IterationShape shape;
    std::int64_t iteration = 0;
    Passage* passage = nullptr;

    const Step& step() const { return steps[at]; }
  };

  /// A stage or a link behind one: serves one trip at a time, in order of launch.
  struct Server {
    bool busy = false;
    std::uint64_t next = 0;  // number of the trip
    SimTime free = 0;
  };

  Trip& free_trip();
  void add_steps(std::size_t stage, const BatchShape& tokens, Trip& trip);
  Step plain_or_flow(Step step) const;
  void enter(Trip& trip, SimTime now);
  void end_step(Trip& trip, SimTime now);
  void release(int server, SimTime now);
  void book_until(Trip& trip, SimTime now);
  void transferred(std::uint64_t number, SimTime now) override;
  std::size_t first_to_end() const;

  SharedNetwork* network_;
  std::vector<Server> servers_;  // the stages, then the links
  std::vector<int> first_link_;  // [stage]: server of the first leg of its hand-off
  std::vector<Trip> trips_;
  std::uint64_t launches_ = 0;  // since the last cut
};

}  // namespace hexgen
