#include "runner/engine/hand_off.h"

#include <algorithm>
#include <bit>

#include "cost_models/index_range.h"

namespace hexgen {
namespace {

// Slices begin at multiples of this, so that a GPU moves whole words.
constexpr std::size_t kSliceUnitBytes = 16;

struct Slice {
  std::size_t first = 0;
  std::size_t bytes = 0;
};

/// The part of `bytes` that destination `index` of `parts` receives from its source.
Slice slice_of(std::size_t bytes, int parts, int index) {
  const auto units = static_cast<int>((bytes + kSliceUnitBytes - 1) / kSliceUnitBytes);
  const IndexRange range = even_range(units, parts, index);
  const std::size_t first = static_cast<std::size_t>(range.first) * kSliceUnitBytes;
  const std::size_t end = static_cast<std::size_t>(range.end()) * kSliceUnitBytes;
  return {std::min(first, bytes), std::min(end, bytes) - std::min(first, bytes)};
}

void worsen(Link& link, const Link& other) {
  link.latency_s = std::max(link.latency_s, other.latency_s);
  link.bandwidth_bytes_per_s =
      link.bandwidth_bytes_per_s == 0
          ? other.bandwidth_bytes_per_s
          : std::min(link.bandwidth_bytes_per_s, other.bandwidth_bytes_per_s);
}

double rounds_of_tree(int ranks) {
  return static_cast<double>(std::bit_width(static_cast<unsigned>(ranks - 1)));
}

}  // namespace

HandOffLinks hand_off_links(const Cluster& cluster,
                            const std::vector<int>& from_devices,
                            const std::vector<int>& to_devices) {
  HandOffLinks links;
  for (const int from : from_devices) {
    for (const int to : to_devices) {
      worsen(links.across, cluster.link(from, to));
      links.across_shared |= cluster.device(from).node != cluster.device(to).node;
    }
  }
  for (const int a : to_devices) {
    for (const int b : to_devices) {
      if (a != b) {
        worsen(links.inside, cluster.link(a, b));
      }
    }
  }
  return links;
}

double hand_off_s(HandOffAlgorithm algorithm,
                  std::size_t bytes,
                  int sources,
                  int destinations,
                  const HandOffLinks& links) {
  const auto whole = static_cast<double>(bytes);
  const auto b = static_cast<double>(destinations);
  if (algorithm == HandOffAlgorithm::kDirect) {
    const int copies = links.across_shared ? destinations : (destinations + sources - 1) / sources;
    return links.across.transfer_s(copies * whole);
  }
  if (destinations == 1) {
    return links.across.transfer_s(whole);
  }
  if (algorithm == HandOffAlgorithm::kSliced) {
    const int side_by_side = links.across_shared ? 1 : std::min(sources, destinations);
    return links.across.transfer_s(whole / side_by_side) +
           (b - 1) * links.inside.transfer_s(whole / b);
  }
  return links.across.transfer_s(whole) + rounds_of_tree(destinations) * links.inside.latency_s +
         whole / links.inside.bandwidth_bytes_per_s;
}

HandOffAlgorithm choose_hand_off(std::size_t bytes,
                                 int sources,
                                 int destinations,
                                 const HandOffLinks& links) {
  const HandOffAlgorithm all[] = {
      HandOffAlgorithm::kDirect, HandOffAlgorithm::kSliced, HandOffAlgorithm::kLeader};
  return *std::min_element(std::begin(all), std::end(all), [&](auto first, auto second) {
    return hand_off_s(first, bytes, sources, destinations, links) <
           hand_off_s(second, bytes, sources, destinations, links);
  });
}

LeaderHandOff::LeaderHandOff(Communicator* leaders, int root)
    : leaders_(leaders),
      root_(root) {}

void LeaderHandOff::send(std::span<const std::byte> residual) {
  if (leaders_ != nullptr) {
    leaders_->send(residual, 1);
  }
}

void LeaderHandOff::receive(std::span<std::byte> residual, Communicator& stage) {
  if (leaders_ != nullptr) {
    leaders_->receive(residual, 0);
  }
  if (stage.size() > 1) {
    stage.broadcast(residual, root_);
  }
}

HandOff::HandOff(Communicator& boundary, int sources, HandOffLinks links, Leaders leaders)
    : boundary_(boundary),
      sources_(sources),
      links_(links),
      leaders_(leaders) {}

void HandOff::send_by(HandOffAlgorithm algorithm, std::span<const std::byte> residual) {
  if (algorithm == HandOffAlgorithm::kLeader) {
    if (boundary_.rank() == leaders_.source) {
      boundary_.send(residual, sources_ + leaders_.destination);
    }
    return;
  }
  for (int to = boundary_.rank(); to < destinations(); to += sources_) {
    if (algorithm == HandOffAlgorithm::kDirect) {
      boundary_.send(residual, sources_ + to);
      continue;
    }
    const Slice slice = slice_of(residual.size(), destinations(), to);
    if (slice.bytes > 0) {
      boundary_.send(residual.subspan(slice.first, slice.bytes), sources_ + to);
    }
  }
}

void HandOff::receive_by(HandOffAlgorithm algorithm,
                         std::span<std::byte> residual,
                         Communicator& stage) {
  if (algorithm == HandOffAlgorithm::kLeader) {
    if (stage.rank() == leaders_.destination) {
      boundary_.receive(residual, leaders_.source);
    }
    stage.broadcast(residual, leaders_.destination);
    return;
  }
  const int source = stage.rank() % sources_;
  if (algorithm == HandOffAlgorithm::kDirect) {
    boundary_.receive(residual, source);
    return;
  }
  std::vector<std::size_t> part_bytes;
  for (int rank = 0; rank < stage.size(); ++rank) {
    part_bytes.push_back(slice_of(residual.size(), stage.size(), rank).bytes);
  }
  const Slice own = slice_of(residual.size(), stage.size(), stage.rank());
  if (own.bytes > 0) {
    boundary_.receive(residual.subspan(own.first, own.bytes), source);
  }
  stage.all_gather(residual.data(), part_bytes);
}

}  // namespace hexgen
