#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace hexgen {

/// Names of all ranks and the last step known of each, for messages about failures. Safe for many
/// threads.
class RankBoard {
 public:
  explicit RankBoard(std::vector<std::string> names);

  void note_step(int rank, std::int64_t step) noexcept;
  std::int64_t step(int rank) const noexcept;  // -1: before the first

  /// "stage 1, device il-1:0 (rank 4), step 17"
  std::string describe(int rank) const;
  std::string describe(const std::vector<int>& ranks) const;

  int size() const { return static_cast<int>(names_.size()); }

 private:
  std::vector<std::string> names_;
  std::vector<std::atomic<std::int64_t>> steps_;
};

}  // namespace hexgen
