#include "planner/selection.h"

#include <algorithm>

namespace hexgen {

std::size_t tournament(const std::vector<Member>& members, int rounds, Random& random) {
  std::size_t winner = random.below(members.size());
  for (int round = 1; round < rounds; ++round) {
    const std::size_t challenger = random.below(members.size());
    winner = members[challenger].fitness > members[winner].fitness ? challenger : winner;
  }
  return winner;
}

void sort_by_fitness(std::vector<Member>& members) {
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return a.fitness != b.fitness ? a.fitness > b.fitness : a.individual < b.individual;
  });
}

}  // namespace hexgen
