#include "runner/comm/process_network.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "profiles/errors.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

using std::chrono::steady_clock;

class ProcessTransport : public Transport {
 public:
  ProcessTransport(ProcessNetwork& network, int rank)
      : network_(network),
        rank_(rank) {}

  int rank() const override { return rank_; }

  int size() const override { return network_.size(); }

  void send(int peer, int channel, std::span<const std::byte> message) override {
    network_.send(rank_, peer, channel, message);
  }

  std::vector<std::byte> receive(int peer, int channel) override {
    return network_.receive(peer, rank_, channel);
  }

  void begin_step(std::int64_t step) noexcept override { network_.board().note_step(rank_, step); }

  void abort(const std::string& reason) noexcept override { network_.abort(reason); }

 private:
  ProcessNetwork& network_;
  int rank_;
};

}  // namespace

ProcessNetwork::ProcessNetwork(ProcessGroup group,
                               const NetworkTimes& times,
                               std::function<void(const std::string&)> on_stuck)
    : group_(std::move(group)),
      times_(times),
      on_stuck_(std::move(on_stuck)),
      mailboxes_(group_.rank_names, times.receive_deadline),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  for (int process = 0; process < static_cast<int>(group_.links.size()); ++process) {
    if (process != group_.process) {
      Socket& socket = group_.links[static_cast<std::size_t>(process)];
      links_.push_back(std::make_unique<PeerLink>(std::move(socket), process));
      unfinished_.insert(process);
    }
  }
  server_ = std::thread([this] { serve(); });
}

ProcessNetwork::~ProcessNetwork() {
  if (!finished_) {
    abort("node " + group_.nodes[static_cast<std::size_t>(group_.process)] +
          " ended before the work was done");
  }
  {
    const std::lock_guard lock(mutex_);
    stuck_at_.reset();
    linger_until_ = steady_clock::now() + times_.linger;
  }
  for (const auto& link : links_) {
    link->end_sending();
  }
  wake();
  server_.join();
}

std::unique_ptr<Transport> ProcessNetwork::transport(int rank) {
  return std::make_unique<ProcessTransport>(*this, rank);
}

std::vector<int> ProcessNetwork::ranks_of(int process) const {
  std::vector<int> ranks;
  for (int rank = 0; rank < size(); ++rank) {
    if (belongs_to(rank, process)) {
      ranks.push_back(rank);
    }
  }
  return ranks;
}

bool ProcessNetwork::belongs_to(int rank, int process) const {
  return rank >= 0 && rank < size() &&
         group_.process_of_rank[static_cast<std::size_t>(rank)] == process;
}

void ProcessNetwork::send(int from, int to, int channel, std::span<const std::byte> message) {
  if (belongs_to(to, group_.process)) {
    mailboxes_.post(from, to, channel, {message.begin(), message.end()});
    return;
  }
  if (message.size() > kMaxPayloadBytes) {
    throw DeviceError("a message of " + std::to_string(message.size()) +
                      " bytes is more than the 1 GiB that one may have");
  }
  throw_if_aborted();
  const FrameHeader header = {.kind = FrameKind::kData,
                              .from = from,
                              .to = to,
                              .channel = channel,
                              .step = board().step(from)};
  const int process = group_.process_of_rank[static_cast<std::size_t>(to)];
  const auto link = std::find_if(links_.begin(), links_.end(), [process](const auto& each) {
    return each->process() == process;
  });
  if ((*link)->send(header, message)) {
    wake();
  }
}

std::vector<std::byte> ProcessNetwork::receive(int from, int to, int channel) {
  return mailboxes_.collect(from, to, channel);
}

void ProcessNetwork::throw_if_aborted() {
  const std::lock_guard lock(mutex_);
  if (aborted_) {
    throw DeviceError(*aborted_);
  }
}

void ProcessNetwork::abort(const std::string& reason) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (aborted_) {
      return;
    }
    aborted_ = reason;
    stuck_at_ = steady_clock::now() + times_.grace;
  }
  mailboxes_.abort(reason);
  tell_all(FrameKind::kAbort, reason);
  changed_.notify_all();
}

void ProcessNetwork::finish() {
  tell_all(FrameKind::kGoodbye, "");
  const auto deadline = steady_clock::now() + times_.receive_deadline;
  std::unique_lock lock(mutex_);
  const bool in_time =
      changed_.wait_until(lock, deadline, [this] { return aborted_ || unfinished_.empty(); });
  if (aborted_) {
    throw DeviceError(*aborted_);
  }
  if (!in_time) {
    throw DeviceError("not done within " + std::to_string(times_.receive_deadline.count()) +
                      " ms: " + names_of_unfinished());
  }
  finished_ = true;
}

std::string ProcessNetwork::names_of_unfinished() const {
  std::vector<std::string> names;
  for (const int process : unfinished_) {
    names.push_back(group_.nodes[static_cast<std::size_t>(process)]);
  }
  return join(names);
}

void ProcessNetwork::tell_all(FrameKind kind, const std::string& text) {
  for (const auto& link : links_) {
    link->send({.kind = kind}, std::as_bytes(std::span(text)));
  }
  wake();
}

void ProcessNetwork::wake() const {
  const std::uint64_t one = 1;
  // The counter can only be full when the thread is about to wake anyhow.
  [[maybe_unused]] const ssize_t written = write(wake_.fd(), &one, sizeof one);
}

void ProcessNetwork::serve() {
  Deadline next_beat = steady_clock::now();
  while (!ended()) {
    wait_for_events(next_beat);
    for (const auto& link : links_) {
      if (link->open()) {
        exchange(*link);
      }
    }
    if (steady_clock::now() >= next_beat) {
      beat();
      end_if_stuck();
      next_beat = steady_clock::now() + times_.beat;
    }
  }
}

void ProcessNetwork::wait_for_events(Deadline deadline) {
  std::vector<pollfd> waited = {{wake_.fd(), POLLIN, 0}};
  for (const auto& link : links_) {
    if (link->open()) {
      const int events = POLLIN | (link->has_unsent() ? POLLOUT : 0);
      waited.push_back({link->fd(), static_cast<short>(events), 0});
    }
  }
  poll(waited.data(), waited.size(), milliseconds_until(deadline));
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t read_bytes = read(wake_.fd(), &wakes, sizeof wakes);
}

void ProcessNetwork::exchange(PeerLink& link) {
  try {
    while (std::optional<Frame> frame = link.receive()) {
      handle(link, std::move(*frame));
    }
    link.flush();
  } catch (const DeviceError& error) {
    lose(link, error.what());
  }
}

void ProcessNetwork::handle(PeerLink& link, Frame frame) {
  const FrameHeader& header = frame.header;
  switch (header.kind) {
    case FrameKind::kData:
    case FrameKind::kHeartbeat:
      if (!belongs_to(header.from, link.process())) {
        throw DeviceError("a message in the name of another node's rank");
      }
      board().note_step(header.from, header.step);
      if (header.kind == FrameKind::kData) {
        deliver(std::move(frame));
      }
      return;
    case FrameKind::kAbort:
      abort({reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size()});
      return;
    case FrameKind::kGoodbye: {
      const std::lock_guard lock(mutex_);
      unfinished_.erase(link.process());
      changed_.notify_all();
      return;
    }
    default:
      throw DeviceError("a message of the rendezvous behind its end");
  }
}

void ProcessNetwork::deliver(Frame frame) {
  const FrameHeader& header = frame.header;
  if (!belongs_to(header.to, group_.process)) {
    throw DeviceError("a message for a rank that is not here");
  }
  try {
    mailboxes_.post(header.from, header.to, header.channel, std::move(frame.payload));
  } catch (const DeviceError&) {
    return;  // aborted meanwhile: nobody waits for it
  }
}

void ProcessNetwork::beat() {
  for (const auto& link : links_) {
    if (!link->open()) {
      continue;
    }
    for (const int rank : local_ranks()) {
      link->send({.kind = FrameKind::kHeartbeat, .from = rank, .step = board().step(rank)}, {});
    }
    if (link->miss_beat() > times_.missed_beats) {
      lose(*link,
           "silent for " + std::to_string(times_.missed_beats * times_.beat.count()) + " ms");
    }
  }
}

void ProcessNetwork::lose(PeerLink& link, const std::string& why) {
  bool unfinished = false;
  {
    const std::lock_guard lock(mutex_);
    unfinished = unfinished_.count(link.process()) > 0;
  }
  if (unfinished) {
    abort("lost node " + group_.nodes[static_cast<std::size_t>(link.process())] + " (" +
          board().describe(ranks_of(link.process())) + "): " + why);
  }
  link.close();
}

void ProcessNetwork::end_if_stuck() {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (!stuck_at_ || steady_clock::now() < *stuck_at_) {
      return;
    }
    stuck_at_.reset();
    reason = *aborted_;
  }
  on_stuck_(reason);
}

bool ProcessNetwork::ended() {
  const std::lock_guard lock(mutex_);
  if (!linger_until_) {
    return false;
  }
  const bool all_closed =
      std::none_of(links_.begin(), links_.end(), [](const auto& link) { return link->open(); });
  return all_closed || steady_clock::now() >= *linger_until_;
}

}  // namespace hexgen
