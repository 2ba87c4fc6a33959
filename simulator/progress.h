#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace hexgen {

/// Progress on stderr: one line rewritten on a terminal, a new line every few seconds otherwise.
/// Thread-safe.
class Progress {
 public:
  Progress(std::string what, std::size_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One more part is done.
  void advance();

 private:
  void print(double elapsed_s);

  std::mutex mutex_;
  std::string what_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool quiet_;
  bool terminal_;
  bool printed_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_print_ = start_;
};

}  // namespace hexgen
