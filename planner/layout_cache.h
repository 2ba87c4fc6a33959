#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "planner/pipeline_choice.h"

namespace hexgen {

/// Remembers the choices for every group of devices that was asked for. Groups share an entry when
/// their nodes agree, one by one, in GPU type, inner link and number of devices, and all links
/// between them agree: then every cost and every limit is the same. Thread-safe; the answers do not
/// depend on the order of the questions, because an entry is a function of its key.
class LayoutCache {
 public:
  LayoutCache(const PipelineChooser& chooser, const Cluster& cluster)
      : chooser_(chooser),
        cluster_(cluster) {}

  /// Choices and the order of nodes that their stages refer to.
  struct Answer {
    const PipelineChoices* choices = nullptr;  // lives as long as the cache
    DeviceGroup group;
  };

  Answer choices(const DeviceGroup& group);

  std::int64_t lookups() const { return lookups_; }

  std::int64_t misses() const { return misses_; }

 private:
  using Key = std::vector<std::int64_t>;

  struct Shard {
    std::mutex mutex;
    std::map<Key, PipelineChoices> entries;
  };

  Key key_of(const DeviceGroup& group) const;

  const PipelineChooser& chooser_;
  const Cluster& cluster_;
  std::array<Shard, 64> shards_;
  std::atomic<std::int64_t> lookups_ = 0;
  std::atomic<std::int64_t> misses_ = 0;
};

}  // namespace hexgen
