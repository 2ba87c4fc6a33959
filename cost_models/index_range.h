#pragma once

#include <vector>

namespace hexgen {

/// Consecutive items: layers, heads, columns or rows of the vocabulary.
struct IndexRange {
  int first = 0;
  int count = 0;

  int end() const { return first + count; }

  bool operator==(const IndexRange&) const = default;
};

/// The items that both ranges hold; empty ranges are equal to IndexRange{}.
IndexRange overlap(const IndexRange& a, const IndexRange& b);

/// Part `index` of `total` items cut into `parts` ranges whose sizes differ by at most one, the
/// longer ones first.
IndexRange even_range(int total, int parts, int index);

/// `total` items cut in proportion to `shares` (positive), by largest remainders, the first among
/// equals: equal shares give even ranges. No range is shorter than `least`, for which the longest
/// give way; total must be at least shares.size() * least.
std::vector<IndexRange> proportional_ranges(int total, const std::vector<int>& shares, int least);

}  // namespace hexgen
