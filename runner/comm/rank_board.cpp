#include "runner/comm/rank_board.h"

namespace hexgen {

RankBoard::RankBoard(std::vector<std::string> names)
    : names_(std::move(names)),
      steps_(names_.size()) {
  for (std::atomic<std::int64_t>& step : steps_) {
    step = -1;
  }
}

void RankBoard::note_step(int rank, std::int64_t step) noexcept {
  steps_[static_cast<std::size_t>(rank)].store(step, std::memory_order_relaxed);
}

std::int64_t RankBoard::step(int rank) const noexcept {
  return steps_[static_cast<std::size_t>(rank)].load(std::memory_order_relaxed);
}

std::string RankBoard::describe(int rank) const {
  const std::int64_t last = step(rank);
  return names_.at(static_cast<std::size_t>(rank)) +
         (last < 0 ? ", before the first step" : ", step " + std::to_string(last));
}

std::string RankBoard::describe(const std::vector<int>& ranks) const {
  std::string text;
  for (const int rank : ranks) {
    text += (text.empty() ? "" : "; ") + describe(rank);
  }
  return text;
}

}  // namespace hexgen
