#pragma once

#include <vector>

namespace hexgen {

/// Devices of one node that a group holds; devices of a node are interchangeable.
struct NodeShare {
  int node = 0;
  int devices = 0;

  friend bool operator==(const NodeShare&, const NodeShare&) = default;
  friend auto operator<=>(const NodeShare&, const NodeShare&) = default;
};

/// A group of devices: by node, each node once, at least one device each.
using DeviceGroup = std::vector<NodeShare>;

}  // namespace hexgen
