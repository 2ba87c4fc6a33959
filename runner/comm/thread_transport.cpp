#include "runner/comm/thread_transport.h"

#include "profiles/errors.h"

namespace hexgen {
namespace {

class ThreadTransport : public Transport {
 public:
  ThreadTransport(ThreadNetwork& network, int rank)
      : network_(network),
        rank_(rank) {}

  int rank() const override { return rank_; }

  int size() const override { return network_.size(); }

  void send(int peer, int channel, std::span<const std::byte> message) override {
    network_.post(rank_, peer, channel, {message.begin(), message.end()});
  }

  std::vector<std::byte> receive(int peer, int channel) override {
    return network_.collect(peer, rank_, channel);
  }

  void begin_step(std::int64_t step) noexcept override { network_.board().note_step(rank_, step); }

  void abort(const std::string& reason) noexcept override { network_.abort(reason); }

 private:
  ThreadNetwork& network_;
  int rank_;
};

std::vector<std::string> numbered_names(int ranks) {
  std::vector<std::string> names;
  for (int rank = 0; rank < ranks; ++rank) {
    names.push_back("rank " + std::to_string(rank));
  }
  return names;
}

}  // namespace

ThreadNetwork::ThreadNetwork(std::vector<std::string> rank_names,
                             std::chrono::milliseconds deadline)
    : board_(std::move(rank_names)),
      deadline_(deadline) {
  for (int rank = 0; rank < size(); ++rank) {
    inboxes_.push_back(std::make_unique<Inbox>());
  }
}

ThreadNetwork::ThreadNetwork(int ranks, std::chrono::milliseconds deadline)
    : ThreadNetwork(numbered_names(ranks), deadline) {}

std::unique_ptr<Transport> ThreadNetwork::transport(int rank) {
  return std::make_unique<ThreadTransport>(*this, rank);
}

void ThreadNetwork::post(int from, int to, int channel, std::vector<std::byte> message) {
  Inbox& target = inbox(to);
  {
    const std::lock_guard lock(target.mutex);
    if (aborted_) {
      throw DeviceError(abort_reason_);
    }
    target.queues[{from, channel}].push_back(std::move(message));
  }
  target.arrived.notify_one();
}

std::vector<std::byte> ThreadNetwork::collect(int from, int to, int channel) {
  Inbox& own = inbox(to);
  std::unique_lock lock(own.mutex);
  std::deque<std::vector<std::byte>>& queue = own.queues[{from, channel}];
  const bool in_time =
      own.arrived.wait_for(lock, deadline_, [&] { return aborted_ || !queue.empty(); });
  if (aborted_) {
    throw DeviceError(abort_reason_);
  }
  if (!in_time) {
    throw DeviceError(board_.describe(to) + ": nothing within " +
                      std::to_string(deadline_.count()) + " ms from " + board_.describe(from));
  }
  std::vector<std::byte> message = std::move(queue.front());
  queue.pop_front();
  return message;
}

void ThreadNetwork::abort(const std::string& reason) noexcept {
  {
    const std::lock_guard lock(abort_mutex_);
    if (!aborted_) {
      abort_reason_ = reason;
      aborted_ = true;
    }
  }
  for (const std::unique_ptr<Inbox>& each : inboxes_) {
    { const std::lock_guard lock(each->mutex); }  // nobody is between looking and waiting
    each->arrived.notify_all();
  }
}

}  // namespace hexgen
