#include "runner/engine/generation.h"

#include <algorithm>
#include <chrono>

namespace hexgen {

std::vector<int> Generation::tokens() const {
  std::vector<int> tokens;
  std::transform(choices.begin(), choices.end(), std::back_inserter(tokens), [](auto& choice) {
    return choice.chosen.token;
  });
  return tokens;
}

double Generation::tpot_s() const {
  return choices.size() < 2
             ? 0
             : (last_token_s - first_token_s) / static_cast<double>(choices.size() - 1);
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
  const auto begin = std::chrono::steady_clock::now();
  driver.drive(scheduler, [&](const TokenEvent& event) {
    const std::chrono::duration<double> now = std::chrono::steady_clock::now() - begin;
    Generation& generation = generations.at(event.request);
    generation.choices.push_back(event.choice);
    generation.last_token_s = now.count();
    if (generation.choices.size() == 1) {
      generation.first_token_s = now.count();
    }
    if (event.finished) {
      generation.finish_reason = *event.finished;
    }
    if (on_token) {
      on_token(event);
    }
  });
  return generations;
}

}  // namespace hexgen
