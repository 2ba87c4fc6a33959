#include "cost_models/index_range.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>

namespace hexgen {
namespace {

/// Sizes rounded down, and one more for the largest remainders.
std::vector<int> largest_remainders(int total, const std::vector<int>& shares) {
  const std::int64_t sum = std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
  std::vector<int> sizes;
  std::vector<std::int64_t> remainders;
  for (const int share : shares) {
    const std::int64_t product = std::int64_t{total} * share;
    sizes.push_back(static_cast<int>(product / sum));
    remainders.push_back(product % sum);
  }
  int left = total - std::accumulate(sizes.begin(), sizes.end(), 0);
  while (left-- > 0) {
    const auto largest = std::max_element(remainders.begin(), remainders.end());
    ++sizes[static_cast<std::size_t>(largest - remainders.begin())];
    *largest = -1;
  }
  return sizes;
}

void raise_to(int least, std::vector<int>& sizes) {
  for (int& size : sizes) {
    while (size < least) {
      --*std::max_element(sizes.begin(), sizes.end());
      ++size;
    }
  }
}

}  // namespace

IndexRange overlap(const IndexRange& a, const IndexRange& b) {
  const int first = std::max(a.first, b.first);
  const int end = std::min(a.end(), b.end());
  return first < end ? IndexRange{first, end - first} : IndexRange{};
}

IndexRange even_range(int total, int parts, int index) {
  const int size = total / parts;
  const int longer = total % parts;
  return {index * size + std::min(index, longer), size + (index < longer ? 1 : 0)};
}

std::vector<IndexRange> proportional_ranges(int total, const std::vector<int>& shares, int least) {
  assert(total >= static_cast<int>(shares.size()) * least);
  std::vector<int> sizes = largest_remainders(total, shares);
  raise_to(least, sizes);
  std::vector<IndexRange> ranges;
  int first = 0;
  for (const int size : sizes) {
    ranges.push_back({first, size});
    first += size;
  }
  return ranges;
}

}  // namespace hexgen
