#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "runner/comm/rank_board.h"
#include "runner/comm/transport.h"

namespace hexgen {

/// Mailboxes between ranks that are threads of one process.
class ThreadNetwork {
 public:
  /// Ranks are called by these names when something fails.
  ThreadNetwork(std::vector<std::string> rank_names, std::chrono::milliseconds deadline);

  /// "rank 0", "rank 1", ...
  ThreadNetwork(int ranks, std::chrono::milliseconds deadline);

  /// The network must outlive it.
  std::unique_ptr<Transport> transport(int rank);

  void post(int from, int to, int channel, std::vector<std::byte> message);
  std::vector<std::byte> collect(int from, int to, int channel);
  void abort(const std::string& reason) noexcept;

  RankBoard& board() { return board_; }

  int size() const { return board_.size(); }

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> queues;  // by peer, channel
  };

  Inbox& inbox(int rank) { return *inboxes_.at(static_cast<std::size_t>(rank)); }

  RankBoard board_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;
  std::chrono::milliseconds deadline_;
  std::mutex abort_mutex_;
  std::string abort_reason_;  // written once, before aborted_
  std::atomic<bool> aborted_ = false;
};

}  // namespace hexgen
