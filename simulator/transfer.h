#pragma once

#include <optional>
#include <vector>

namespace hexgen {

/// A capacity that transfers share: one direction of a node's NIC, of the link between two nodes or
/// of that between two regions.
struct NetworkResource {
  double bytes_per_s = 0;
};

/// What a kind of transfer takes of the network while its bytes flow.
struct NetworkLeg {
  double bytes_per_s = 0;      // when alone
  std::vector<int> resources;  // of the system's network, each once
  double share = 1;            // of the time that the bytes of the whole transfer take when alone
};

/// The transfers of one stage as far as they cross the network. Its all-reduces are one leg; its
/// hand-off is sent and, when the receiving group spans nodes, broadcast.
struct StageTransfers {
  std::optional<NetworkLeg> all_reduce;
  std::vector<NetworkLeg> handoff;  // one after the other
};

}  // namespace hexgen
