#pragma once

#include "planner/search.h"

namespace hexgen {

/// Progress of a search on stderr: one line that is rewritten on a terminal, otherwise a line after
/// the first generation and then every few seconds, nothing when quiet. Shows the best score and
/// the time left at most.
class SearchProgress {
 public:
  SearchProgress(const SearchSettings& settings, bool quiet);
  ~SearchProgress();
  SearchProgress(const SearchProgress&) = delete;
  SearchProgress& operator=(const SearchProgress&) = delete;

  void show(const GenerationReport& report);

 private:
  SearchSettings settings_;
  bool quiet_;
  bool terminal_;
  double next_shown_s_ = 0;
};

/// Seconds until the search ends at the latest, if generations go on taking as long as so far.
double seconds_left(const SearchSettings& settings, const GenerationReport& report);

}  // namespace hexgen
