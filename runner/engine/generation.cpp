#include "runner/engine/generation.h"

#include <algorithm>

namespace hexgen {
namespace {

using Clock = ArrivalQueue::Clock;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void record(const TokenEvent& event, Clock::time_point start, std::vector<Generation>& to) {
  Generation& generation = to.at(event.request);
  generation.choices.push_back(event.choice);
  generation.token_times.push_back(Clock::now() - start);
  if (event.finished) {
    generation.finish_reason = *event.finished;
  }
}

}  // namespace

std::vector<int> Generation::tokens() const {
  std::vector<int> tokens;
  std::transform(choices.begin(), choices.end(), std::back_inserter(tokens), [](auto& choice) {
    return choice.chosen.token;
  });
  return tokens;
}

double Generation::ttft_s() const {
  return token_times.empty() ? 0 : seconds(token_times.front());
}

double Generation::tpot_s() const {
  return token_times.size() < 2 ? 0
                                : seconds(token_times.back() - token_times.front()) /
                                      static_cast<double>(token_times.size() - 1);
}

std::vector<Generation> generate(PipelineRank& driver,
                                 const SchedulerLimits& limits,
                                 const std::vector<GenerationRequest>& requests,
                                 const std::function<void(const TokenEvent&)>& on_token) {
  std::vector<Generation> generations;
  Scheduler scheduler(limits);
  for (const GenerationRequest& request : requests) {
    generations.push_back({.prompt = request.prompt});
    scheduler.add(request);
  }
  const Clock::time_point start = Clock::now();
  ArrivalQueue nothing_more;
  driver.drive(scheduler, nothing_more, [&](const TokenEvent& event) {
    record(event, start, generations);
    if (on_token) {
      on_token(event);
    }
  });
  return generations;
}

std::vector<Generation> replay(PipelineRank& driver,
                               const SchedulerLimits& limits,
                               const std::vector<TimedRequest>& requests,
                               Clock::time_point start) {
  std::vector<Generation> generations;
  ArrivalQueue arrivals;
  for (const TimedRequest& timed : requests) {
    generations.push_back({.prompt = timed.request.prompt});
    arrivals.push(start + timed.arrival, timed.request);
  }
  Scheduler scheduler(limits);
  driver.drive(
      scheduler, arrivals, [&](const TokenEvent& event) { record(event, start, generations); });
  return generations;
}

}  // namespace hexgen
