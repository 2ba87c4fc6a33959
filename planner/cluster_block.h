#pragma once

#include <vector>

#include "planner/individual.h"
#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Nodes in blocks of at least `devices` devices each (but for the last): a random node and those
/// nearest to it that are in no block yet, equally near ones at random.
std::vector<std::vector<int>> divide_nodes(const SearchSpace& space, int devices, Random& random);

/// What some nodes can be rearranged to while the rest of an individual stays as it is: a search
/// space of their devices but for those in groups that reach outside. Its nodes have numbers of
/// their own.
class ClusterBlock {
 public:
  ClusterBlock(const SearchSpace& whole,
               const Individual& individual,
               const std::vector<int>& nodes);
  ClusterBlock(const ClusterBlock&) = delete;
  ClusterBlock& operator=(const ClusterBlock&) = delete;

  /// False when no device can be rearranged.
  bool any() const { return !nodes_.empty(); }

  const SearchSpace& space() const { return space_; }

  /// The groups that lie in the block, with the block's numbers.
  const Individual& groups() const { return groups_; }

  /// A group in numbers of the whole.
  DeviceGroup in_whole(DeviceGroup group) const;

  /// A group in numbers of the block, all of whose nodes belong to it.
  DeviceGroup in_block(DeviceGroup group) const;

 private:
  std::vector<int> nodes_;     // [node of the block]: node of the whole
  std::vector<int> position_;  // [node of the whole]: node of the block, or -1
  Cluster cluster_;
  SearchSpace space_;
  Individual groups_;
};

}  // namespace hexgen
