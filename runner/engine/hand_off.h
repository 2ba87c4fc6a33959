#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "profiles/cluster.h"
#include "runner/comm/communicator.h"

namespace hexgen {

/// How the residual stream, which every source rank holds whole, reaches every rank of the next
/// stage.
enum class HandOffAlgorithm {
  kDirect,  // each destination gets a whole copy from a source: one latency
  kSliced,  // each gets one slice, and they gather the rest among themselves
  kLeader   // one gets it and broadcasts it
};

/// The links a hand-off goes over; the worst of each kind. Between nodes all transfers share one
/// path, inside a node each pair of devices has its own.
struct HandOffLinks {
  Link across;
  bool across_shared = false;
  Link inside;  // of the receiving stage
};

HandOffLinks hand_off_links(const Cluster& cluster,
                            const std::vector<int>& from_devices,
                            const std::vector<int>& to_devices);

/// Seconds until every destination has `bytes`, by the alpha-beta model: with a sources, b
/// destinations and n transfers side by side across,
///   direct: latency + copies * bytes / bandwidth; copies = b where shared, else ceil(b / a)
///   sliced: latency + bytes / (n * bandwidth)
///           + ring all-gather: (b-1) * latency + (b-1)/b * bytes / bandwidth
///   leader: latency + bytes / bandwidth
///           + tree broadcast: ceil(log2 b) * latency + bytes / bandwidth
double hand_off_s(HandOffAlgorithm algorithm,
                  std::size_t bytes,
                  int sources,
                  int destinations,
                  const HandOffLinks& links);

/// The fastest; among equals the first of the enumeration.
HandOffAlgorithm choose_hand_off(std::size_t bytes,
                                 int sources,
                                 int destinations,
                                 const HandOffLinks& links);

/// One rank's end of the hand-offs between two neighbouring stages.
class StageBoundary {
 public:
  virtual ~StageBoundary() = default;

  /// On a source rank: what run() left in residual(), equal on all of them.
  virtual void send(std::span<const std::byte> residual) = 0;

  /// On a destination rank; `stage` joins the destinations.
  virtual void receive(std::span<std::byte> residual, Communicator& stage) = 0;
};

/// Between nodes: the leaders, the pair with the best link, have a connection of their own, and the
/// destination's broadcasts. All ranks in one group would have to do without NCCL where some of
/// them share a GPU.
class LeaderHandOff final : public StageBoundary {
 public:
  /// `leaders` joins the source, its rank 0, and the destination; null on all other ranks. `root`
  /// is the destination's rank in its stage.
  LeaderHandOff(Communicator* leaders, int root);

  void send(std::span<const std::byte> residual) override;
  void receive(std::span<std::byte> residual, Communicator& stage) override;

 private:
  Communicator* leaders_;
  int root_;
};

/// Inside a node, by the fastest algorithm. `boundary` joins the sources (its ranks 0..sources-1)
/// and the destinations (the rest); `leaders` is the pair with the best link, as ranks in their
/// stages.
class HandOff final : public StageBoundary {
 public:
  struct Leaders {
    int source = 0;
    int destination = 0;
  };

  HandOff(Communicator& boundary, int sources, HandOffLinks links, Leaders leaders);

  void send(std::span<const std::byte> residual) override {
    send_by(choose(residual.size()), residual);
  }

  void receive(std::span<std::byte> residual, Communicator& stage) override {
    receive_by(choose(residual.size()), residual, stage);
  }

  /// The same by an algorithm of the caller's choice, equal on all ranks.
  void send_by(HandOffAlgorithm algorithm, std::span<const std::byte> residual);
  void receive_by(HandOffAlgorithm algorithm, std::span<std::byte> residual, Communicator& stage);

 private:
  int destinations() const { return boundary_.size() - sources_; }

  HandOffAlgorithm choose(std::size_t bytes) const {
    return choose_hand_off(bytes, sources_, destinations(), links_);
  }

  Communicator& boundary_;
  int sources_;
  HandOffLinks links_;
  Leaders leaders_;
};

}  // namespace hexgen
