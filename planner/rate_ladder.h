#pragma once

#include <algorithm>

namespace hexgen {

/// Rungs of a ladder of rates: `lowest` .. `highest`.
struct RateLadder {
  int lowest = 0;
  int highest = 0;
};

/// Highest rung that passes, where all below one that passes do; lowest - 1 when none does. Gallops
/// from `start` by `stride`, doubled each time, to rungs on either side of the crossing, then
/// bisects.
template <typename Passes>
int highest_rung(const RateLadder& ladder, int start, int stride, Passes passes) {
  int passed = ladder.lowest - 1;
  int failed = ladder.highest + 1;
  for (int rung = std::clamp(start, ladder.lowest, ladder.highest); rung > passed && rung < failed;
       stride *= 2) {
    const bool pass = passes(rung);
    (pass ? passed : failed) = rung;
    if (failed <= ladder.highest && passed >= ladder.lowest) {
      break;
    }
    rung = std::clamp(pass ? rung + stride : rung - stride, ladder.lowest, ladder.highest);
  }
  while (failed - passed > 1) {
    const int middle = passed + (failed - passed) / 2;
    (passes(middle) ? passed : failed) = middle;
  }
  return passed;
}

}  // namespace hexgen
