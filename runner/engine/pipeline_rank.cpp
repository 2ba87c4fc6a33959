#include "runner/engine/pipeline_rank.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <thread>

#include "cost_models/communication.h"
#include "runner/engine/step_codec.h"

namespace hexgen {
namespace {

// Channels of the transport: one for batches and choices, one a stage, one a boundary.
constexpr int kControlChannel = 0;
constexpr int kFirstStageChannel = 1;
constexpr int kFirstBoundaryChannel = 1'000'000;

// While nothing is to be done, the driver says so this often: the other ranks then do not take its
// silence for a failure, and it hears of theirs.
constexpr std::chrono::milliseconds kIdleBeat{250};

int index_of(int device, const Stage& stage) {
  int index = 0;
  while (stage.devices[static_cast<std::size_t>(index)] != device) {
    ++index;
  }
  return index;
}

}  // namespace

PipelineRank::PipelineRank(const PipelineSetup& setup, Transport& transport, Backend& backend)
    : setup_(setup),
      transport_(transport),
      place_(place_of(setup.pipeline, transport.rank())),
      chooser_(ranks_of_stage(setup.pipeline, setup.num_stages() - 1).front()) {
  join_groups(backend);
  executor_ = backend.make_executor(executor_setup(), *stage_);
}

void PipelineRank::join_groups(Backend& backend) {
  stage_ = backend.make_communicator(
      transport_, ranks_of_stage(setup_.pipeline, place_.stage), kFirstStageChannel + place_.stage);
  if (place_.stage > 0) {
    receiving_ = join_boundary(backend, place_.stage - 1, before_);
  }
  if (place_.stage + 1 < setup_.num_stages()) {
    sending_ = join_boundary(backend, place_.stage, behind_);
  }
}

std::unique_ptr<StageBoundary> PipelineRank::join_boundary(
    Backend& backend, int first_stage, std::unique_ptr<Communicator>& boundary) {
  const int channel = kFirstBoundaryChannel + first_stage;
  const Stage& from = setup_.pipeline.stages[static_cast<std::size_t>(first_stage)];
  const Stage& to = setup_.pipeline.stages[static_cast<std::size_t>(first_stage) + 1];
  const std::vector<int> senders = ranks_of_stage(setup_.pipeline, first_stage);
  const std::vector<int> receivers = ranks_of_stage(setup_.pipeline, first_stage + 1);
  const LeaderPair pair = leader_pair(setup_.cluster, from.devices, to.devices);
  const HandOff::Leaders leaders = {.source = index_of(pair.from_device, from),
                                    .destination = index_of(pair.to_device, to)};
  const HandOffLinks links = hand_off_links(setup_.cluster, from.devices, to.devices);
  std::vector<int> members = {senders[static_cast<std::size_t>(leaders.source)],
                              receivers[static_cast<std::size_t>(leaders.destination)]};
  if (links.across_shared) {
    if (std::find(members.begin(), members.end(), transport_.rank()) != members.end()) {
      boundary = backend.make_communicator(transport_, members, channel);
    }
    return std::make_unique<LeaderHandOff>(boundary.get(), leaders.destination);
  }
  members = senders;
  members.insert(members.end(), receivers.begin(), receivers.end());
  boundary = backend.make_communicator(transport_, members, channel);
  return std::make_unique<HandOff>(*boundary, from.tp_degree(), links, leaders);
}

ExecutorSetup PipelineRank::executor_setup() const {
  const Stage& stage = setup_.pipeline.stages[static_cast<std::size_t>(place_.stage)];
  const StagePosition position = {.first = place_.stage == 0,
                                  .last = place_.stage + 1 == setup_.num_stages()};
  ExecutorSetup executor = {.model = setup_.model,
                            .rank = place_.index,
                            .kv_blocks = setup_.limits.kv_blocks,
                            .max_batch_tokens = setup_.limits.max_batch_tokens,
                            .weights = setup_.weights};
  for (int rank = 0; rank < stage.tp_degree(); ++rank) {
    executor.shards.push_back(make_shard(setup_.model, stage, position, rank));
  }
  return executor;
}

std::vector<TokenChoice> PipelineRank::execute(const StepBatch& batch) {
  last_step_ = batch.step;
  transport_.begin_step(batch.step);
  if (receiving_) {
    receiving_->receive(executor_->residual(batch), *stage_);
  }
  executor_->run(batch);
  if (sending_) {
    sending_->send(executor_->residual(batch));
    return {};
  }
  return executor_->sample(batch);
}

void PipelineRank::drive(Scheduler& scheduler,
                         ArrivalQueue& arrivals,
                         const std::function<void(const TokenEvent&)>& on_token) {
  struct InFlight {
    StepBatch batch;
    std::vector<TokenChoice> choices;  // drawn here: a pipeline of one stage
  };

  std::deque<InFlight> in_flight;
  for (;;) {
    arrivals.deliver(ArrivalQueue::Clock::now(), scheduler);
    if (!scheduler.busy()) {
      if (!arrivals.next()) {
        return;
      }
      idle_until(*arrivals.next());
      continue;
    }
    if (std::ssize(in_flight) < setup_.limits.micro_batches) {
      if (std::optional<StepBatch> batch = scheduler.next_batch()) {
        send_to_all(encode(*batch));
        std::vector<TokenChoice> choices = execute(*batch);
        in_flight.push_back({std::move(*batch), std::move(choices)});
        continue;
      }
    }
    assert(!in_flight.empty());
    const InFlight done = std::move(in_flight.front());
    in_flight.pop_front();
    const std::vector<TokenChoice> choices = chooses() ? done.choices : await_choices();
    for (const TokenEvent& event : scheduler.commit(done.batch, choices)) {
      on_token(event);
    }
  }
}

void PipelineRank::idle_until(ArrivalQueue::Clock::time_point end) {
  const std::vector<std::byte> nothing = encode(StepBatch{.step = last_step_});
  for (auto now = ArrivalQueue::Clock::now(); now < end; now = ArrivalQueue::Clock::now()) {
    send_to_all(nothing);
    std::this_thread::sleep_until(std::min(end, now + kIdleBeat));
  }
}

std::vector<TokenChoice> PipelineRank::await_choices() {
  return decode_choices(transport_.receive(chooser_, kControlChannel));
}

void PipelineRank::dismiss() {
  send_to_all({});
}

void PipelineRank::send_to_all(const std::vector<std::byte>& message) {
  for (int rank = 1; rank < transport_.size(); ++rank) {
    transport_.send(rank, kControlChannel, message);
  }
}

void PipelineRank::follow() {
  const int driver = 0;
  for (;;) {
    const std::vector<std::byte> message = transport_.receive(driver, kControlChannel);
    if (message.empty()) {
      return;
    }
    const StepBatch batch = decode_batch(message);
    if (batch.slices.empty()) {
      continue;
    }
    const std::vector<TokenChoice> choices = execute(batch);
    if (chooses()) {
      transport_.send(driver, kControlChannel, encode(choices));
    }
  }
}

}  // namespace hexgen
