#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runner/comm/peer_link.h"
#include "runner/comm/thread_transport.h"
#include "runner/comm/transport.h"

namespace hexgen {

/// The processes of a pipeline and this one among them.
struct ProcessGroup {
  int process = 0;                      // this one
  std::vector<std::string> nodes;       // by process
  std::vector<int> process_of_rank;     // by rank of the pipeline
  std::vector<std::string> rank_names;  // by rank: "stage 1, device il-1:0 (rank 4)"
  std::vector<Socket> links = {};       // by process, own place empty; as meet() gives them
};

/// When waits end. With the defaults a process that dies or stops has ended all others after
/// 2.5 s of silence, 1 s for ranks that do not notice, and 0.5 s of farewell at the latest.
struct NetworkTimes {
  std::chrono::milliseconds receive_deadline = std::chrono::minutes(2);
  std::chrono::milliseconds beat = std::chrono::milliseconds(250);
  int missed_beats = 10;  // of a process that is lost
  std::chrono::milliseconds grace = std::chrono::seconds(1);
  std::chrono::milliseconds linger = std::chrono::milliseconds(500);
};

/// Messages between ranks that are threads of several processes, over one connection for each two
/// processes. A thread of its own receives, watches the others and lets them know that we live.
/// When a process is lost or a rank aborts, every wait of every rank of every process ends.
class ProcessNetwork {
 public:
  /// `on_stuck` is called with the reason when ranks of this process are still at work `grace`
  /// after an abort: what they wait for does not end, and the process has to.
  ProcessNetwork(ProcessGroup group,
                 const NetworkTimes& times,
                 std::function<void(const std::string& reason)> on_stuck);

  /// Aborts, unless finish() has returned.
  ~ProcessNetwork();

  ProcessNetwork(const ProcessNetwork&) = delete;
  ProcessNetwork& operator=(const ProcessNetwork&) = delete;

  std::vector<int> local_ranks() const { return ranks_of(group_.process); }

  /// Of a local rank; the network must outlive it.
  std::unique_ptr<Transport> transport(int rank);

  /// All local ranks are done: waits until those of the other processes are. Throws DeviceError
  /// when one of them fails instead.
  void finish();

  void send(int from, int to, int channel, std::span<const std::byte> message);
  std::vector<std::byte> receive(int from, int to, int channel);

  /// Names of all ranks and the last steps heard of.
  RankBoard& board() { return mailboxes_.board(); }

  void abort(const std::string& reason) noexcept;

  int size() const { return mailboxes_.size(); }

 private:
  // The thread that serves the links.
  void serve();
  void wait_for_events(Deadline deadline);
  void exchange(PeerLink& link);
  void handle(PeerLink& link, Frame frame);
  void deliver(Frame frame);
  bool belongs_to(int rank, int process) const;
  void beat();
  void lose(PeerLink& link, const std::string& why);
  void end_if_stuck();
  bool ended();

  void wake() const;
  void tell_all(FrameKind kind, const std::string& text);
  void throw_if_aborted();
  std::string names_of_unfinished() const;
  std::vector<int> ranks_of(int process) const;

  ProcessGroup group_;
  NetworkTimes times_;
  std::function<void(const std::string&)> on_stuck_;
  ThreadNetwork mailboxes_;
  std::vector<std::unique_ptr<PeerLink>> links_;  // by process; none for our own
  Socket wake_;                                   // an eventfd

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> aborted_;
  std::optional<Deadline> stuck_at_;      // from an abort to the end of the network
  std::optional<Deadline> linger_until_;  // once the network ends
  std::set<int> unfinished_;              // processes that have not said goodbye
  bool finished_ = false;

  std::thread server_;
};

}  // namespace hexgen
