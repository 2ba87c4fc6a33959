#include "simulator/simulation.h"

#include <algorithm>
#include <memory>
#include <string>

#include "profiles/errors.h"
#include "simulator/fleet.h"
#include "simulator/miss_counter.h"
#include "simulator/router.h"

namespace hexgen {
namespace {

void check_at_least_one(const char* name, std::int64_t value) {
  if (value < 1) {
    throw InputError(std::string(name) + ": " + std::to_string(value) + " is less than 1");
  }
}

void check_not_negative(const char* name, SimTime value) {
  if (value < 0) {
    throw InputError(std::string(name) + ": is less than 0");
  }
}

void check(const ServingSystem& system, const SimulationOptions& options) {
  check_at_least_one("max_batched_tokens", options.max_batched_tokens);
  check_at_least_one("kv_block_tokens", options.kv_block_tokens);
  if (!(options.kv_watermark >= 0 && options.kv_watermark < 1)) {
    throw InputError("kv_watermark: " + std::to_string(options.kv_watermark) + " is not in [0, 1)");
  }
  check_not_negative("step_overhead_us", options.overhead.step_ns);
  check_not_negative("sequence_overhead_us", options.overhead.sequence_ns);
  if (system.replicas.empty()) {
    throw InputError("the plan has no pipelines");
  }
  for (const ReplicaModel& replica : system.replicas) {
    check_at_least_one((replica.name + ": max_batch").c_str(), replica.max_batch);
  }
}

void check(const RequestSpec& request, std::size_t index, double previous_s) {
  const bool fine =
      request.prompt_tokens >= 1 && request.output_tokens >= 1 && request.arrival_s >= previous_s;
  if (fine) {
    return;  // names are made for messages only
  }
  const std::string name = "request " + std::to_string(index);
  check_at_least_one((name + ": prompt_tokens").c_str(), request.prompt_tokens);
  check_at_least_one((name + ": output_tokens").c_str(), request.output_tokens);
  throw InputError(name + ": arrives at " + std::to_string(request.arrival_s) +
                   " s, before the one ahead of it");
}

class Simulation {
 public:
  Simulation(const ServingSystem& system,
             const SimulationOptions& options,
             ExecutionObserver* observer,
             MissCounter* misses)
      : router_(make_router(options.router, system)),
        fleet_(system, options, result_, observer),
        misses_(misses),
        changes_(system.availability),
        until_(options.until),
        max_context_tokens_(system.max_context_tokens) {}

  SimulationResult run(ArrivalSource& arrivals) {
    double previous_s = 0;
    while (const auto request = arrivals.next()) {
      check(*request, result_.requests.size(), previous_s);
      previous_s = request->arrival_s;
      const SimTime now = to_sim_time(request->arrival_s);
      if (now > until_) {
        break;
      }
      change_until(now);
      arrive(*request, now);
      if (misses_ != nullptr && misses_->due(result_.requests.size()) && too_many_misses(now)) {
        return std::move(result_);
      }
    }
    change_until(until_);
    finish();
    summarize();
    return std::move(result_);
  }

 private:
  bool too_many_misses(SimTime now) {
    fleet_.advance_all_before({.time = now, .kind = EventKind::kLaunch});
    misses_->look(result_.requests, fleet_.entered_until(now));
    return misses_->too_many();
  }

  void arrive(const RequestSpec& request, SimTime now) {
    const auto index = result_.requests.size();
    result_.requests.push_back({.arrival = now,
                                .prompt_tokens = request.prompt_tokens,
                                .output_tokens = request.output_tokens});
    const EventKey arrival = {.time = now, .kind = EventKind::kArrival, .sequence = index};
    if (router_->reads_state()) {
      fleet_.advance_all_before(arrival);
    }
    if (too_long(request)) {
      result_.requests.back().state = RequestState::kRejected;
    } else {
      route({.request = static_cast<int>(index)}, arrival);
    }
  }

  /// Sends a request to a replica that is up, keeps it when there is none, rejects it when none
  /// could ever serve it. To the router, tokens that were emitted are part of the prompt.
  void route(const WaitingRequest& waiting, const EventKey& now) {
    RequestOutcome& outcome = result_.requests[static_cast<std::size_t>(waiting.request)];
    const RequestSpec spec = {.arrival_s = to_seconds(now.time),
                              .prompt_tokens = outcome.prompt_tokens + waiting.emitted_tokens,
                              .output_tokens = outcome.output_tokens - waiting.emitted_tokens};
    outcome.replica = router_->choose(spec, now.time, fleet_.replicas());
    if (outcome.replica >= 0) {
      fleet_.advance_before(outcome.replica, now);
      fleet_.replica(outcome.replica).enqueue(waiting, now.time);
    } else if (fits_anywhere(spec)) {
      unserved_.push_back(waiting);
    } else {
      outcome.state = RequestState::kRejected;
    }
  }

  void change_until(SimTime now) {
    while (next_change_ < changes_.size() && changes_[next_change_].time <= now) {
      change_at(changes_[next_change_].time);
    }
  }

  /// All that goes down and comes up at one moment; only then the requests without a replica are
  /// routed, those that had none before first.
  void change_at(SimTime time) {
    const EventKey now = {.time = time, .kind = EventKind::kAvailability};
    if (router_->reads_state()) {
      fleet_.advance_all_before(now);
    }
    std::vector<WaitingRequest> lost;
    for (; next_change_ < changes_.size() && changes_[next_change_].time == time; ++next_change_) {
      const AvailabilityChange& change = changes_[next_change_];
      fleet_.advance_before(change.replica, now);
      if (change.up) {
        fleet_.replica(change.replica).recover();
        continue;
      }
      const auto of_replica = fleet_.replica(change.replica).fail(time);
      lost.insert(lost.end(), of_replica.begin(), of_replica.end());
      router_->lost(change.replica, time);
    }
    std::sort(lost.begin(), lost.end(), [](const WaitingRequest& a, const WaitingRequest& b) {
      return a.request < b.request;
    });
    for (const WaitingRequest& waiting : lost) {
      ++result_.requests[static_cast<std::size_t>(waiting.request)].retries;
    }
    std::vector<WaitingRequest> homeless = std::move(unserved_);
    unserved_.clear();
    homeless.insert(homeless.end(), lost.begin(), lost.end());
    for (const WaitingRequest& waiting : homeless) {
      route(waiting, now);
    }
  }

  void finish() {
    if (until_ == kEndOfTime) {
      fleet_.advance_all_before(kNever);
      for (const WaitingRequest& waiting : unserved_) {
        result_.requests[static_cast<std::size_t>(waiting.request)].state = RequestState::kFailed;
      }
      return;
    }
    fleet_.advance_all_before({.time = until_, .kind = EventKind::kLaunch});
    for (std::size_t r = 0; r < fleet_.replicas().size(); ++r) {
      fleet_.replica(static_cast<int>(r)).stop(until_);
    }
  }

  bool too_long(const RequestSpec& request) const {
    return max_context_tokens_ > 0 &&
           request.prompt_tokens > max_context_tokens_ - request.output_tokens;
  }

  bool fits_anywhere(const RequestSpec& request) const {
    return std::any_of(
        fleet_.replicas().begin(), fleet_.replicas().end(), [&](const Replica& replica) {
          return replica.fits(request.prompt_tokens, request.output_tokens);
        });
  }

  void summarize() {
    SimTime end = 0;
    for (const Replica& replica : fleet_.replicas()) {
      end = std::max(end, replica.end_time());
      result_.iterations += replica.iterations();
      result_.preemptions += replica.preemptions();
      std::vector<double> busy_s;
      for (const SimTime busy : replica.stage_busy()) {
        busy_s.push_back(to_seconds(busy));
      }
      result_.stage_busy_s.push_back(std::move(busy_s));
      result_.outside_measured.push_back(replica.stage_outside());
      result_.farthest_outside.push_back(replica.stage_farthest());
    }
    result_.end_s = to_seconds(end);
  }

  SimulationResult result_;
  std::unique_ptr<Router> router_;
  Fleet fleet_;
  MissCounter* misses_;  // null: not counted
  const std::vector<AvailabilityChange>& changes_;
  std::size_t next_change_ = 0;
  std::vector<WaitingRequest> unserved_;  // while everything that could serve them is down
  SimTime until_;
  int max_context_tokens_;
};

}  // namespace

SimulationResult simulate(const ServingSystem& system,
                          ArrivalSource& arrivals,
                          const SimulationOptions& options,
                          ExecutionObserver* observer,
                          MissCounter* misses) {
  check(system, options);
  return Simulation(system, options, observer, misses).run(arrivals);
}

}  // namespace hexgen
