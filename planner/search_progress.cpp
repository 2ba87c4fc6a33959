#include "planner/search_progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace hexgen {

SearchProgress::SearchProgress(const SearchSettings& settings, bool quiet)
    : settings_(settings),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1) {}

SearchProgress::~SearchProgress() {
  if (!quiet_ && terminal_) {
    std::fputs("\r\033[K", stderr);
  }
}

void SearchProgress::show(const GenerationReport& report) {
  constexpr double kLinePeriodS = 5;
  if (quiet_ || report.elapsed_s < next_shown_s_) {
    return;
  }
  next_shown_s_ = report.elapsed_s + (terminal_ ? 0 : kLinePeriodS);
  std::fprintf(stderr,
               "%sgeneration %d, %lld plans, best %.6g, at most %.0f s left%s",
               terminal_ ? "\r\033[K" : "",
               report.generation,
               static_cast<long long>(report.evaluations),
               report.best.score,
               seconds_left(settings_, report),
               terminal_ ? "" : "\n");
}

double seconds_left(const SearchSettings& settings, const GenerationReport& report) {
  const double generation_s = report.elapsed_s / (report.generation + 1);
  const int generations = std::min(settings.generations - report.generation,
                                   settings.stagnation - report.stagnant_generations);
  return std::clamp(
      generations * generation_s, 0.0, std::max(0.0, settings.time_limit_s - report.elapsed_s));
}

}  // namespace hexgen
