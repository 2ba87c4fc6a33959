#include "simulator/stepped_pipeline.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace hexgen {

SteppedPipeline::SteppedPipeline(const ReplicaModel& model,
                                 EngineOverhead overhead,
                                 ExecutionProbe probe,
                                 SharedNetwork* network)
    : Pipeline(model, overhead, probe),
      network_(network) {
  auto servers = static_cast<int>(stages_.size());
  for (const StageTransfers& transfers : transfers_) {
    first_link_.push_back(servers);
    servers += static_cast<int>(transfers.handoff.size());
  }
  servers_.resize(static_cast<std::size_t>(servers));
}

SimTime SteppedPipeline::first_stage_free() const {
  return servers_.front().busy ? kEndOfTime : servers_.front().free;
}

void SteppedPipeline::launch(const IterationShape& shape,
                             SimTime start,
                             std::int64_t iteration,
                             Passage& passage) {
  assert(start >= first_stage_free());
  Trip& trip = free_trip();
  trip.number = launches_++;
  trip.shape = shape;
  trip.iteration = iteration;
  trip.passage = &passage;
  passage = {};
  trip.at = 0;
  trip.steps.clear();
  const BatchShape tokens = batch_shape(shape);
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    add_steps(stage, tokens, trip);
  }
  enter(trip, start);
}

void SteppedPipeline::book(const StageService& service, SimTime end) {
  count(0, service);
  servers_.front().free = end;
}

EventKey SteppedPipeline::next_event() const {
  const std::size_t first = first_to_end();
  return first == trips_.size()
             ? kNever
             : EventKey{.time = trips_[first].fixed_end, .kind = EventKind::kPassage};
}

void SteppedPipeline::carry_out_next() {
  Trip& trip = trips_[first_to_end()];
  const SimTime now = trip.fixed_end;
  if (trip.step().flow_ns == 0) {
    end_step(trip, now);
    return;
  }
  trip.state = Trip::State::kFlowing;
  network_->start(now, *trip.step().leg, trip.step().flow_ns, *this, trip.number);
}

void SteppedPipeline::cut(SimTime now) {
  for (Trip& trip : trips_) {
    book_until(trip, now);
    trip.state = Trip::State::kDone;
  }
  if (network_ != nullptr) {
    network_->cancel(*this, now);
  }
  std::fill(servers_.begin(), servers_.end(), Server{.free = now});
  launches_ = 0;
}

SteppedPipeline::Trip& SteppedPipeline::free_trip() {
  for (Trip& trip : trips_) {
    if (trip.state == Trip::State::kDone) {
      return trip;
    }
  }
  return trips_.emplace_back();
}

/// The stage with its all-reduces at the end, the links, and what is left of the hand-off.
void SteppedPipeline::add_steps(std::size_t stage, const BatchShape& tokens, Trip& trip) {
  const StageTransfers& transfers = transfers_[stage];
  const StageService service = this->service(stage, trip.shape);
  count_outside(stage, service);
  Step serve = {.kind = Kind::kService, .stage = stage, .server = static_cast<int>(stage)};
  if (transfers.all_reduce) {
    serve.leg = &*transfers.all_reduce;
    serve.flow_ns = std::min(
        service.busy, to_sim_time(stages_[stage].all_reduce_s_per_token * tokens.new_tokens));
  }
  serve.fixed_ns = service.busy - serve.flow_ns;
  trip.steps.push_back(plain_or_flow(serve));

  SimTime left = handoff_ns(stage, tokens);
  for (std::size_t leg = 0; leg < transfers.handoff.size(); ++leg) {
    const SimTime flow = handoff_leg_ns(stage, leg, tokens);
    left -= flow;
    trip.steps.push_back(plain_or_flow({.kind = Kind::kTransfer,
                                        .stage = stage,
                                        .server = first_link_[stage] + static_cast<int>(leg),
                                        .leg = &transfers.handoff[leg],
                                        .flow_ns = flow}));
  }
  trip.steps.push_back({.kind = Kind::kDelay, .stage = stage, .fixed_ns = left});
}

/// Bytes that nobody can slow down take a fixed time.
SteppedPipeline::Step SteppedPipeline::plain_or_flow(Step step) const {
  if (network_ == nullptr || step.leg == nullptr || step.leg->resources.empty()) {
    step.fixed_ns += step.flow_ns;
    step.flow_ns = 0;
  }
  return step;
}

void SteppedPipeline::enter(Trip& trip, SimTime now) {
  const Step& step = trip.step();
  if (step.server >= 0) {
    Server& server = servers_[static_cast<std::size_t>(step.server)];
    if (server.busy || server.next != trip.number) {
      trip.state = Trip::State::kInLine;
      return;
    }
    server.busy = true;
  }
  trip.state = Trip::State::kFixed;
  trip.begin = now;
  trip.fixed_end = now + step.fixed_ns;
}

void SteppedPipeline::end_step(Trip& trip, SimTime now) {
  const Step step = trip.step();
  if (step.kind != Kind::kTransfer) {
    book_until(trip, now);
  }
  if (step.kind == Kind::kService && step.stage + 1 == stages_.size()) {
    trip.passage->token_time = now;
  }
  ++trip.at;
  if (trip.at == trip.steps.size()) {
    trip.state = Trip::State::kDone;
    trip.passage->return_time = now;
  } else {
    enter(trip, now);
  }
  if (step.server >= 0) {
    release(step.server, now);
  }
}

/// Books what the trip did since it came to its stage or left it.
void SteppedPipeline::book_until(Trip& trip, SimTime now) {
  if (trip.state == Trip::State::kDone) {
    return;
  }
  const Step& step = trip.step();
  const auto stage = static_cast<int>(step.stage);
  if (step.kind != Kind::kService) {
    probe_.handed_off({stage, trip.iteration, trip.service_end, now, trip.shape});
  } else if (trip.state != Trip::State::kInLine) {
    busy_[step.stage] += now - trip.begin;
    probe_.stage_served({stage, trip.iteration, trip.begin, now, trip.shape});
    trip.service_end = now;
  }
}

void SteppedPipeline::release(int server, SimTime now) {
  Server& freed = servers_[static_cast<std::size_t>(server)];
  freed = {.busy = false, .next = freed.next + 1, .free = now};
  for (Trip& trip : trips_) {
    if (trip.state == Trip::State::kInLine && trip.step().server == server &&
        trip.number == freed.next) {
      enter(trip, now);
      return;
    }
  }
}

void SteppedPipeline::transferred(std::uint64_t number, SimTime now) {
  end_step(*std::find_if(trips_.begin(),
                         trips_.end(),
                         [number](const Trip& trip) {
                           return trip.state == Trip::State::kFlowing && trip.number == number;
                         }),
           now);
}

/// Position of the trip whose fixed time ends first, of equals the one launched first.
std::size_t SteppedPipeline::first_to_end() const {
  std::size_t first = trips_.size();
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    const Trip& trip = trips_[i];
    if (trip.state != Trip::State::kFixed) {
      continue;
    }
    if (first == trips_.size() || std::tie(trip.fixed_end, trip.number) <
                                      std::tie(trips_[first].fixed_end, trips_[first].number)) {
      first = i;
    }
  }
  return first;
}

}  // namespace hexgen
