#include "planner/evaluate.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace hexgen {

void parallel_for_each(std::size_t count,
                       int threads,
                       const std::function<void(std::size_t)>& body) {
  const int workers = threads > 0 ? threads : tbb::info::default_concurrency();
  // Without this TBB would never use more threads than there are cores.
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(workers));
  tbb::task_arena arena(workers);
  arena.execute([&] {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 1),
                      [&](const tbb::blocked_range<std::size_t>& range) {
                        for (std::size_t i = range.begin(); i != range.end(); ++i) {
                          body(i);
                        }
                      });
  });
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
