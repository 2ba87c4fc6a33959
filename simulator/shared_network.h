#pragma once

#include <cstdint>
#include <vector>

#include "simulator/event.h"
#include "simulator/transfer.h"

namespace hexgen {

/// Is told when its transfers end.
class TransferOwner {
 public:
  virtual void transferred(std::uint64_t tag, SimTime now) = 0;

 protected:
  ~TransferOwner() = default;
};

/// Transfers under way that share resources max-min fairly. Rates change only when a transfer
/// starts or ends; between, every one proceeds evenly, so its end is known as long as nothing else
/// starts or ends. A transfer that nobody slows down takes exactly its time alone.
class SharedNetwork {
 public:
  explicit SharedNetwork(const std::vector<NetworkResource>& resources);

  /// Starts a transfer that takes `alone_ns` when it is alone. `leg` and `owner` stay until its
  /// end.
  void start(SimTime now,
             const NetworkLeg& leg,
             SimTime alone_ns,
             TransferOwner& owner,
             std::uint64_t tag);

  /// The end of a transfer; kNever without one.
  EventKey next_event() const;

  /// Ends the transfer that next_event() speaks of and tells its owner.
  void carry_out_next();

  /// Stops all transfers of an owner, which is not told.
  void cancel(const TransferOwner& owner, SimTime now);

 private:
  struct Transfer {
    const NetworkLeg* leg = nullptr;
    TransferOwner* owner = nullptr;
    std::uint64_t tag = 0;
    double left_ns = 0;  // of its time alone, at `since`
    double speed = 0;    // in (0, 1]: of that when alone
    SimTime since = 0;
    SimTime end = 0;
  };

  std::vector<Transfer>::const_iterator first_to_end() const;
  void share(SimTime now);

  std::vector<double> capacities_;
  std::vector<Transfer> transfers_;  // in order of start
};

}  // namespace hexgen
