#include "runner/cli/replay_requests.h"

#include <algorithm>
#include <barrier>
#include <exception>
#include <thread>

#include "cost_models/weighted_turns.h"
#include "runner/cli/run_requests.h"
#include "runner/engine/random_prompt.h"

namespace hexgen {
namespace {

using Clock = ArrivalQueue::Clock;

/// The requests of one pipeline, which of all they are, and what became of them.
struct Share {
  std::vector<TimedRequest> requests;  // with ids 0, 1, 2, ...
  std::vector<ReplayRequest*> records;
  std::vector<Generation> generations;
  std::exception_ptr error;

  std::vector<GenerationRequest> untimed() const {
    std::vector<GenerationRequest> all;
    for (const TimedRequest& timed : requests) {
      all.push_back(timed.request);
    }
    return all;
  }
};

GenerationRequest request_of(const RequestOutcome& outcome,
                             std::size_t index,
                             std::size_t id,
                             int vocab_size) {
  return {.id = id,
          .prompt = random_prompt(index, outcome.prompt_tokens, vocab_size),
          .max_new_tokens = outcome.output_tokens,
          .stop_tokens = {},
          .sampling = {}};
}

bool chosen(const RunTarget& target, int pipeline) {
  const std::string& name = target.all_pipelines[static_cast<std::size_t>(pipeline)].name;
  return pipeline_index(target.plan.pipelines(), name).has_value();
}

/// By pipeline of the target's plan.
std::vector<Share> divide(const RunTarget& target, std::vector<ReplayRequest>& requests) {
  std::vector<Share> shares(target.plan.pipelines().size());
  for (ReplayRequest& record : requests) {
    const RequestOutcome& outcome = record.outcome;
    if (outcome.state == RequestState::kRejected) {
      continue;
    }
    const std::string& name = target.all_pipelines[static_cast<std::size_t>(outcome.replica)].name;
    Share& share = shares[*pipeline_index(target.plan.pipelines(), name)];
    share.requests.push_back(
        {.arrival = std::chrono::nanoseconds(outcome.arrival),
         .request =
             request_of(outcome, record.index, share.records.size(), target.model.vocab_size)});
    share.records.push_back(&record);
  }
  return shares;
}

/// As many requests as run at once, for two tokens each: what the device sets up at its first use
/// is then there.
void warm_up(PipelineRank& driver, const SchedulerLimits& limits, const Share& share) {
  std::vector<GenerationRequest> requests = share.untimed();
  requests.resize(std::min(requests.size(), static_cast<std::size_t>(limits.max_requests)));
  for (GenerationRequest& request : requests) {
    request.max_new_tokens = std::min(request.max_new_tokens, 2);
  }
  generate(driver, limits, requests);
}

void fill_in(Share& share) {
  for (std::size_t i = 0; i < share.generations.size(); ++i) {
    const std::vector<std::chrono::nanoseconds>& times = share.generations[i].token_times;
    ReplayRequest& record = *share.records[i];
    record.outcome.state = RequestState::kCompleted;
    record.outcome.first_token = times.front().count();
    record.outcome.last_token = times.back().count();
    for (std::size_t token = 1; token < times.size(); ++token) {
      record.token_gaps_s.push_back(
          std::chrono::duration<double>(times[token] - times[token - 1]).count());
    }
  }
}

/// Lets all pipelines start at one time.
template <typename StartingLine>
void run_share(const PipelineRunner& runner,
               const PipelineSetup& setup,
               StartingLine& line,
               const Clock::time_point& start,
               Share& share) {
  bool started = false;
  try {
    runner.run(setup, [&](PipelineRank& driver) {
      warm_up(driver, setup.limits, share);
      started = true;
      line.arrive_and_wait();
      share.generations = replay(driver, setup.limits, share.requests, start);
    });
  } catch (...) {
    share.error = std::current_exception();
  }
  if (!started) {
    line.arrive_and_drop();
  }
}

}  // namespace

std::vector<ReplayRequest> route_requests(const RunTarget& target,
                                          const std::vector<RequestSpec>& requests) {
  const std::vector<PipelineGroup>& all = target.all_pipelines;
  WeightedTurns turns(weights_of(all));
  std::vector<ReplayRequest> routed;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestSpec& spec = requests[i];
    const bool too_long = target.model.max_context_tokens > 0 &&
                          spec.prompt_tokens + spec.output_tokens > target.model.max_context_tokens;
    RequestOutcome outcome = {.arrival = to_sim_time(spec.arrival_s),
                              .prompt_tokens = spec.prompt_tokens,
                              .output_tokens = spec.output_tokens};
    if (!too_long) {
      outcome.replica = turns.next([&](std::size_t p) {
        return kv_cache_holds(all[p], spec.prompt_tokens + spec.output_tokens - 1);
      });
    }
    if (outcome.replica < 0) {
      outcome.state = RequestState::kRejected;
    }
    if (chosen(target, std::max(outcome.replica, 0))) {
      routed.push_back({.index = i, .outcome = outcome, .token_gaps_s = {}});
    }
  }
  return routed;
}

void replay_requests(const RunTarget& target,
                     const PipelineRunner& runner,
                     int prefill_chunk_tokens,
                     std::vector<ReplayRequest>& requests) {
  const std::vector<PipelineGroup>& pipelines = target.plan.pipelines();
  std::vector<Share> shares = divide(target, requests);
  Clock::time_point start;
  const auto busy = std::count_if(
      shares.begin(), shares.end(), [](const Share& share) { return !share.requests.empty(); });
  std::barrier line(busy, [&start]() noexcept { start = Clock::now(); });
  std::vector<std::thread> threads;
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    if (!shares[p].requests.empty()) {
      threads.emplace_back([&, p] {
        const PipelineSetup setup =
            pipeline_setup(target, pipelines[p], prefill_chunk_tokens, shares[p].untimed());
        run_share(runner, setup, line, start, shares[p]);
      });
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (Share& share : shares) {
    if (share.error) {
      std::rethrow_exception(share.error);
    }
    fill_in(share);
  }
}

}  // namespace hexgen
