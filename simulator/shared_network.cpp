#include "simulator/shared_network.h"

#include <algorithm>

#include "simulator/max_min.h"

namespace hexgen {

SharedNetwork::SharedNetwork(const std::vector<NetworkResource>& resources) {
  for (const NetworkResource& resource : resources) {
    capacities_.push_back(resource.bytes_per_s);
  }
}

void SharedNetwork::start(
    SimTime now, const NetworkLeg& leg, SimTime alone_ns, TransferOwner& owner, std::uint64_t tag) {
  transfers_.push_back({.leg = &leg,
                        .owner = &owner,
                        .tag = tag,
                        .left_ns = static_cast<double>(alone_ns),
                        .since = now});
  share(now);
}

EventKey SharedNetwork::next_event() const {
  const auto first = first_to_end();
  return first == transfers_.end() ? kNever
                                   : EventKey{.time = first->end, .kind = EventKind::kPassage};
}

void SharedNetwork::carry_out_next() {
  const auto first = first_to_end();
  const Transfer ended = *first;
  transfers_.erase(first);
  share(ended.end);
  ended.owner->transferred(ended.tag, ended.end);
}

void SharedNetwork::cancel(const TransferOwner& owner, SimTime now) {
  std::erase_if(transfers_, [&](const Transfer& transfer) { return transfer.owner == &owner; });
  share(now);
}

/// Of equals the one that started first.
std::vector<SharedNetwork::Transfer>::const_iterator SharedNetwork::first_to_end() const {
  return std::min_element(transfers_.begin(),
                          transfers_.end(),
                          [](const Transfer& a, const Transfer& b) { return a.end < b.end; });
}

/// Gives every transfer its rate from `now` on. Those whose rate stays keep their end.
void SharedNetwork::share(SimTime now) {
  std::vector<Demand> demands;
  for (const Transfer& transfer : transfers_) {
    demands.push_back({.limit = transfer.leg->bytes_per_s, .resources = &transfer.leg->resources});
  }
  const std::vector<double> rates = max_min_rates(capacities_, demands);
  for (std::size_t i = 0; i < transfers_.size(); ++i) {
    Transfer& transfer = transfers_[i];
    const double speed = rates[i] / transfer.leg->bytes_per_s;
    if (speed == transfer.speed) {
      continue;
    }
    const double done_ns = static_cast<double>(now - transfer.since) * transfer.speed;
    transfer.left_ns = std::max(0.0, transfer.left_ns - done_ns);
    transfer.speed = speed;
    transfer.since = now;
    transfer.end = now + round_ns(transfer.left_ns / speed);
  }
}

}  // namespace hexgen
