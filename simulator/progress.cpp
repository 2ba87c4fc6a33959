#include "simulator/progress.h"

#include <unistd.h>

#include <iostream>

namespace hexgen {
namespace {

constexpr double kTerminalPeriod_s = 0.1;
constexpr double kLogPeriod_s = 5;
constexpr std::size_t kBarWidth = 24;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Progress::Progress(std::string what, std::size_t total, bool quiet)
    : what_(std::move(what)),
      total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_ && printed_) {
    std::cerr << "\r\033[K" << std::flush;
  }
}

void Progress::advance() {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (!quiet_ && seconds_since(last_print_) >= (terminal_ ? kTerminalPeriod_s : kLogPeriod_s)) {
    last_print_ = std::chrono::steady_clock::now();
    print(seconds_since(start_));
  }
}

void Progress::print(double elapsed_s) {
  printed_ = true;
  const double left_s =
      elapsed_s / static_cast<double>(done_) * static_cast<double>(total_ - done_);
  const std::size_t filled = kBarWidth * done_ / total_;
  if (terminal_) {
    std::cerr << "\r\033[K[" << std::string(filled, '#') << std::string(kBarWidth - filled, '.')
              << "] ";
  }
  std::cerr << what_ << ' ' << done_ << '/' << total_ << ", about "
            << static_cast<long>(left_s + 0.5) << " s left" << (terminal_ ? "" : "\n")
            << std::flush;
}

}  // namespace hexgen
