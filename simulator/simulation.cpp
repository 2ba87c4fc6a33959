#include "simulator/simulation.h"

#include <algorithm>
#include <memory>
#include <string>

#include "profiles/errors.h"
#include "simulator/replica.h"
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
  const std::string name = "request " + std::to_string(index);
  check_at_least_one((name + ": prompt_tokens").c_str(), request.prompt_tokens);
  check_at_least_one((name + ": output_tokens").c_str(), request.output_tokens);
  if (!(request.arrival_s >= previous_s)) {
    throw InputError(name + ": arrives at " + std::to_string(request.arrival_s) +
                     " s, before the one ahead of it");
  }
}

class Simulation {
 public:
  Simulation(const ServingSystem& system,
             const SimulationOptions& options,
             ExecutionObserver* observer)
      : router_(make_router(options.router, system)),
        max_context_tokens_(system.max_context_tokens) {
    for (const ReplicaModel& replica : system.replicas) {
      const ExecutionProbe probe(observer, static_cast<int>(replicas_.size()));
      replicas_.emplace_back(replica, options, result_, probe);
    }
  }

  SimulationResult run(ArrivalSource& arrivals) {
    double previous_s = 0;
    while (const auto request = arrivals.next()) {
      check(*request, result_.requests.size(), previous_s);
      previous_s = request->arrival_s;
      arrive(*request);
    }
    for (Replica& replica : replicas_) {
      replica.advance_before(kNever);
    }
    summarize();
    return std::move(result_);
  }

 private:
  void arrive(const RequestSpec& request) {
    const auto index = result_.requests.size();
    const SimTime now = to_sim_time(request.arrival_s);
    const EventKey arrival = {.time = now, .kind = EventKind::kArrival, .sequence = index};
    if (router_->reads_state()) {
      for (Replica& replica : replicas_) {
        replica.advance_before(arrival);
      }
    }
    const int chosen = too_long(request) ? -1 : router_->choose(request, replicas_);
    result_.requests.push_back({.arrival = now,
                                .prompt_tokens = request.prompt_tokens,
                                .output_tokens = request.output_tokens,
                                .replica = chosen});
    if (chosen < 0) {
      result_.requests.back().state = RequestState::kRejected;
      return;
    }
    Replica& replica = replicas_[static_cast<std::size_t>(chosen)];
    replica.advance_before(arrival);
    replica.enqueue(static_cast<int>(index), now);
  }

  bool too_long(const RequestSpec& request) const {
    return max_context_tokens_ > 0 &&
           request.prompt_tokens > max_context_tokens_ - request.output_tokens;
  }

  void summarize() {
    SimTime end = 0;
    for (const Replica& replica : replicas_) {
      end = std::max(end, replica.last_token_time());
      result_.iterations += replica.iterations();
      result_.preemptions += replica.preemptions();
      std::vector<double> busy_s;
      for (const SimTime busy : replica.stage_busy()) {
        busy_s.push_back(to_seconds(busy));
      }
      result_.stage_busy_s.push_back(std::move(busy_s));
      result_.outside_measured.push_back(replica.stage_outside());
    }
    result_.end_s = to_seconds(end);
  }

  SimulationResult result_;
  std::unique_ptr<Router> router_;
  std::vector<Replica> replicas_;
  int max_context_tokens_;
};

}  // namespace

SimulationResult simulate(const ServingSystem& system,
                          ArrivalSource& arrivals,
                          const SimulationOptions& options,
                          ExecutionObserver* observer) {
  check(system, options);
  return Simulation(system, options, observer).run(arrivals);
}

}  // namespace hexgen
