#include "planner/layout_cache.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace hexgen {
namespace {

std::tuple<int, int, int> looks_of(const NodeShare& share, const Cluster& cluster) {
  const Node& node = cluster.nodes()[static_cast<std::size_t>(share.node)];
  return {node.gpu_type, node.intra_link, share.devices};
}

}  // namespace

LayoutCache::Key LayoutCache::key_of(const DeviceGroup& group) const {
  Key key;
  for (const NodeShare& from : group) {
    const auto [gpu_type, intra_link, devices] = looks_of(from, cluster_);
    key.insert(key.end(), {gpu_type, intra_link, devices});
    for (const NodeShare& to : group) {
      if (from.node != to.node) {
        const Link& link = cluster_.node_link(from.node, to.node);
        key.push_back(std::bit_cast<std::int64_t>(link.latency_s));
        key.push_back(std::bit_cast<std::int64_t>(link.bandwidth_bytes_per_s));
      }
    }
  }
  return key;
}

LayoutCache::Answer LayoutCache::choices(const DeviceGroup& group) {
  Answer answer = {.choices = nullptr, .group = group};
  std::stable_sort(
      answer.group.begin(), answer.group.end(), [&](const NodeShare& a, const NodeShare& b) {
        return looks_of(a, cluster_) < looks_of(b, cluster_);
      });
  const Key key = key_of(answer.group);
  std::uint64_t hash = key.size();
  for (const std::int64_t part : key) {
    hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x100000001b3ULL;
  }
  Shard& shard = shards_[(hash >> 32) % shards_.size()];
  ++lookups_;
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end()) {
      answer.choices = &found->second;
      return answer;
    }
  }
  ++misses_;
  PipelineChoices choices = chooser_.choices(answer.group);
  const std::lock_guard lock(shard.mutex);
  answer.choices = &shard.entries.try_emplace(key, std::move(choices)).first->second;
  return answer;
}

}  // namespace hexgen
