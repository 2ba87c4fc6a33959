#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace hexgen::tokenizer {

/// What becomes of two neighbouring tokens, and when: pairs of lower rank merge first.
struct Merge {
  int rank = 0;
  int token = 0;
};

/// Pairs of tokens that merge.
class MergeTable {
 public:
  void insert(int left, int right, Merge merge) { merges_[key(left, right)] = merge; }

  void reserve(std::size_t merges) { merges_.reserve(merges); }

  /// nullptr when the two do not merge.
  const Merge* find(int left, int right) const {
    const auto found = merges_.find(key(left, right));
    return found == merges_.end() ? nullptr : &found->second;
  }

 private:
  static std::uint64_t key(int left, int right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }

  std::unordered_map<std::uint64_t, Merge> merges_;
};

/// Byte-pair encoding: merges the pair of lowest rank, the leftmost among equals, until no two
/// neighbours merge. Takes O(n log n) for n tokens.
std::vector<int> merge_tokens(const std::vector<int>& tokens, const MergeTable& merges);

}  // namespace hexgen::tokenizer
