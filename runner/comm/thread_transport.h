#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "runner/comm/transport.h"

namespace hexgen {

/// Mailboxes between ranks that are threads of one process.
class ThreadNetwork {
 public:
  ThreadNetwork(int ranks, std::chrono::milliseconds deadline);

  /// The network must outlive it.
  std::unique_ptr<Transport> transport(int rank);

  void post(int from, int to, int channel, std::vector<std::byte> message);
  std::vector<std::byte> collect(int from, int to, int channel);
  void abort(const std::string& reason) noexcept;

  int size() const { return static_cast<int>(inboxes_.size()); }

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> queues;  // by peer, channel
    std::optional<std::string> aborted;
  };

  Inbox& inbox(int rank) { return *inboxes_.at(static_cast<std::size_t>(rank)); }

  std::vector<std::unique_ptr<Inbox>> inboxes_;
  std::chrono::milliseconds deadline_;
};

}  // namespace hexgen
