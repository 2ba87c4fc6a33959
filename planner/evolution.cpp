#include "planner/evolution.h"

#include <array>

#include "planner/moves/change_leniency.h"
#include "planner/moves/crossover.h"
#include "planner/moves/drop_group.h"
#include "planner/moves/merge_groups.h"
#include "planner/moves/move_gpu.h"
#include "planner/moves/rebuild_groups.h"
#include "planner/moves/split_group.h"
#include "planner/moves/swap_gpus.h"
#include "planner/population.h"
#include "planner/repair.h"

namespace hexgen {
namespace {

constexpr double kImmigration = 0.03;
constexpr double kCrossover = 0.3;
constexpr double kFurtherMove = 0.3;
constexpr int kMaxMoves = 3;
constexpr int kTournamentRounds = 3;
constexpr double kUnscreened = 0.3;  // children that are simulated whatever the estimate says
constexpr int kRivals = 3;

using Move = bool (*)(Individual&, const SearchSpace&, Random&);

struct WeightedMove {
  Move move;
  int weight;
};

constexpr std::array<WeightedMove, 6> kMoves = {{{move_gpu, 30},
                                                 {swap_gpus, 20},
                                                 {rebuild_groups, 20},
                                                 {split_group, 10},
                                                 {merge_groups, 10},
                                                 {change_leniency, 10}}};

Individual breed(const std::vector<Member>& members, const SearchSpace& space, Random& random) {
  if (random.chance(kImmigration)) {
    return network_aware_individual(space, random);
  }
  Individual child = members[tournament(members, kTournamentRounds, random)].individual;
  if (random.chance(kCrossover)) {
    const Member& other = members[tournament(members, kTournamentRounds, random)];
    child = crossover(child, other.individual, space, random);
  }
  if (space.may_leave_idle && random.chance(0.3)) {
    drop_group(child, space, random);
  }
  make_one_move(child, space, random);
  for (int moves = 1; moves < kMaxMoves && random.chance(kFurtherMove); ++moves) {
    make_one_move(child, space, random);
  }
  repair(child, space, random);
  return child;
}

}  // namespace

void make_one_move(Individual& individual, const SearchSpace& space, Random& random) {
  constexpr int kAttempts = 8;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    int ticket = random.between(0, 99);
    for (const WeightedMove& candidate : kMoves) {
      ticket -= candidate.weight;
      if (ticket < 0) {
        if (candidate.move(individual, space, random)) {
          return;
        }
        break;
      }
    }
  }
}

SearchStrategy evolutionary_strategy(const SearchSpace& space, const Estimate& estimate) {
  return {.start = [&space](Random& random) { return network_aware_individual(space, random); },
          .breed =
              [&space, estimate](const std::vector<Member>& members, Random& random) {
                Individual child = breed(members, space, random);
                if (random.chance(kUnscreened)) {
                  return child;
                }
                for (int rival = 1; rival < kRivals; ++rival) {
                  Individual other = breed(members, space, random);
                  if (estimate(other) > estimate(child)) {
                    child = std::move(other);
                  }
                }
                return child;
              }};
}

SearchStrategy random_strategy(const SearchSpace& space) {
  return {.start = [&space](Random& random) { return network_aware_individual(space, random); },
          .breed = [&space](const std::vector<Member>& /*members*/,
                            Random& random) { return network_aware_individual(space, random); }};
}

}  // namespace hexgen
