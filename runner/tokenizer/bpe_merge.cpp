#include "runner/tokenizer/bpe_merge.h"

#include <compare>
#include <cstddef>
#include <functional>
#include <queue>

namespace hexgen::tokenizer {

namespace {

constexpr int kNone = -1;

/// An element of the linked list of tokens. A merge keeps the left element and unlinks the right.
struct Symbol {
  int token = kNone;  // kNone: unlinked
  int previous = kNone;
  int next = kNone;
};

/// A pair that could merge when it was found.
struct Candidate {
  int rank = 0;
  int left = 0;  // index of the left symbol
  int token = 0;

  friend auto operator<=>(const Candidate&, const Candidate&) = default;
};

class Merging {
 public:
  Merging(const std::vector<int>& tokens, const MergeTable& merges)
      : merges_(merges),
        symbols_(tokens.size()) {
    const int count = static_cast<int>(tokens.size());
    for (int i = 0; i < count; ++i) {
      symbols_[i] = {tokens[i], i - 1, i + 1 < count ? i + 1 : kNone};
    }
    for (int i = 0; i + 1 < count; ++i) {
      consider(i);
    }
  }

  void run() {
    while (!candidates_.empty()) {
      const Candidate best = candidates_.top();
      candidates_.pop();
      if (still_stands(best)) {
        merge(best);
      }
    }
  }

  std::vector<int> tokens() const {
    std::vector<int> result;
    for (const Symbol& symbol : symbols_) {
      if (symbol.token != kNone) {
        result.push_back(symbol.token);
      }
    }
    return result;
  }

 private:
  const Merge* merge_at(int left) const {
    const int right = symbols_[left].next;
    return right == kNone ? nullptr : merges_.find(symbols_[left].token, symbols_[right].token);
  }

  void consider(int left) {
    if (const Merge* merge = merge_at(left)) {
      candidates_.push({merge->rank, left, merge->token});
    }
  }

  bool still_stands(const Candidate& candidate) const {
    if (symbols_[candidate.left].token == kNone) {
      return false;
    }
    const Merge* merge = merge_at(candidate.left);
    return merge != nullptr && merge->rank == candidate.rank;
  }

  void merge(const Candidate& pair) {
    Symbol& left = symbols_[pair.left];
    Symbol& right = symbols_[left.next];
    left.token = pair.token;
    left.next = right.next;
    right.token = kNone;
    if (left.next != kNone) {
      symbols_[left.next].previous = pair.left;
    }
    consider(pair.left);
    if (left.previous != kNone) {
      consider(left.previous);
    }
  }

  const MergeTable& merges_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

}  // namespace

std::vector<int> merge_tokens(const std::vector<int>& tokens, const MergeTable& merges) {
  Merging merging(tokens, merges);
  merging.run();
  return merging.tokens();
}

}  // namespace hexgen::tokenizer
