#include "planner/evaluate.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <stdexcept>

namespace hexgen {

void parallel_for_each(std::size_t count,
                       int threads,
                       const std::function<void(std::size_t)>& body) {
  const int workers = threads > 0 ? threads : tbb::info::default_concurrency();
  // Without this TBB would never use more threads than there are cores.
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(workers));
  tbb::task_arena arena(workers);
  // TBB orders the tasks after what came before and before what follows; the thread sanitizer,
  // which does not see into it, is told so by these.
  std::atomic<bool> begun = false;
  begun.store(true, std::memory_order_release);
  std::atomic<std::size_t> done = 0;
  arena.execute([&] {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 1),
                      [&](const tbb::blocked_range<std::size_t>& range) {
                        static_cast<void>(begun.load(std::memory_order_acquire));
                        for (std::size_t i = range.begin(); i != range.end(); ++i) {
                          body(i);
                        }
                        done.fetch_add(range.size(), std::memory_order_release);
                      });
  });
  if (done.load(std::memory_order_acquire) != count) {
    throw std::logic_error("parallel_for_each: a task is missing");
  }
}

std::vector<Objective> evaluate_all(const std::vector<Individual>& individuals,
                                    const Fitness& fitness,
                                    int threads) {
  std::vector<Objective> scores(individuals.size());
  parallel_for_each(
      individuals.size(), threads, [&](std::size_t i) { scores[i] = fitness(individuals[i]); });
  return scores;
}

}  // namespace hexgen
