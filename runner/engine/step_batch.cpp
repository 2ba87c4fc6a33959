#include "runner/engine/step_batch.h"

#include <algorithm>
#include <numeric>

namespace hexgen {

int StepBatch::num_tokens() const {
  return std::accumulate(slices.begin(), slices.end(), 0, [](int sum, const SequenceSlice& slice) {
    return sum + slice.num_tokens();
  });
}

int StepBatch::num_samples() const {
  return static_cast<int>(
      std::count_if(slices.begin(), slices.end(), [](const SequenceSlice& slice) {
        return slice.sampling.has_value();
      }));
}

}  // namespace hexgen
