#include "runner/tokenizer/bpe_merge.h"

#include <doctest/doctest.h>

#include <cstdint>

using hexgen::tokenizer::Merge;
using hexgen::tokenizer::merge_tokens;
using hexgen::tokenizer::MergeTable;

namespace {

/// The definition: as long as there is one, merge the pair of lowest rank, the leftmost among
/// equals.
std::vector<int> merge_by_definition(std::vector<int> tokens, const MergeTable& merges) {
  while (true) {
    const Merge* best = nullptr;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const Merge* merge = merges.find(tokens[i], tokens[i + 1]);
      if (merge != nullptr && (best == nullptr || merge->rank < best->rank)) {
        best = merge;
        best_at = i;
      }
    }
    if (best == nullptr) {
      return tokens;
    }
    tokens[best_at] = best->token;
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
  }
}

class Draw {
 public:
  explicit Draw(std::uint64_t seed)
      : state_(seed) {}

  int below(int bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(bound));
  }

 private:
  std::uint64_t state_;
};

}  // namespace

TEST_CASE("the pair of lowest rank merges first, whatever stands to its left") {
  // a b c with (b, c) -> d before (a, b) -> e; then (a, d) -> f.
  MergeTable merges;
  merges.insert(1, 2, {5, 12});
  merges.insert(2, 3, {1, 23});
  merges.insert(1, 23, {9, 123});
  CHECK(merge_tokens({1, 2, 3}, merges) == std::vector<int>{123});
  CHECK(merge_tokens({1, 2, 4}, merges) == std::vector<int>{12, 4});
}

TEST_CASE("of equal pairs the leftmost merges first") {
  MergeTable merges;
  merges.insert(1, 1, {0, 2});
  CHECK(merge_tokens({1, 1, 1}, merges) == std::vector<int>{2, 1});
  CHECK(merge_tokens({1, 1, 1, 1, 1}, merges) == std::vector<int>{2, 2, 1});
}

TEST_CASE("no tokens and one token stay as they are") {
  CHECK(merge_tokens({}, MergeTable()).empty());
  CHECK(merge_tokens({7}, MergeTable()) == std::vector<int>{7});
}

TEST_CASE("merging agrees with its definition on random tables and tokens") {
  Draw draw(1);
  for (int round = 0; round < 2000; ++round) {
    MergeTable merges;
    int next_token = 4;
    for (int rank = 0; rank < 12; ++rank) {
      merges.insert(draw.below(next_token), draw.below(next_token), {rank, next_token});
      ++next_token;
    }
    std::vector<int> tokens(static_cast<std::size_t>(draw.below(24)));
    for (int& token : tokens) {
      token = draw.below(4);
    }
    CHECK(merge_tokens(tokens, merges) == merge_by_definition(tokens, merges));
  }
}

TEST_CASE("a word of a million tokens merges level by level") {
  MergeTable merges;
  for (int level = 0; level < 20; ++level) {
    merges.insert(level, level, {level, level + 1});
  }
  // 2^20 tokens of level 0 make one of level 20.
  CHECK(merge_tokens(std::vector<int>(1 << 20, 0), merges) == std::vector<int>{20});
}
