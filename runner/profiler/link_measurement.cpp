#include "runner/profiler/link_measurement.h"

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <utility>

#include "runner/comm/thread_transport.h"
#include "runner/cuda/cuda_group.h"
#include "runner/profiler/exchange_timing.h"

namespace hexgen {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 27;
constexpr std::chrono::seconds kDeadline(60);  // of a message between ranks

/// A rank with the group that carries what is timed.
struct Member {
  ExchangeRank& rank;
  Communicator& group;
  Carrier carrier;
};

/// What can carry a group; through host memory only what nothing else can.
std::vector<CommunicatorKind> carriers_of(const GroupTraits& group) {
  std::vector<CommunicatorKind> kinds;
  if (group.own_gpus) {
    kinds.push_back(CommunicatorKind::kNccl);
  }
  if (group.peer_access) {
    kinds.push_back(CommunicatorKind::kPeer);
  }
  return kinds.empty() ? std::vector{CommunicatorKind::kHost} : kinds;
}

void measure_rank(Transport& transport,
                  const std::vector<ProfiledDevice>& devices,
                  const std::function<void(Member)>& body) {
  ExchangeRank rank(devices[static_cast<std::size_t>(transport.rank())], kMostBytes);
  std::vector<int> members(devices.size());
  std::iota(members.begin(), members.end(), 0);
  std::vector<int> gpus;
  for (const ProfiledDevice& device : devices) {
    gpus.push_back(device.gpu);
  }
  const GroupTraits traits = traits_in_process(gpus);
  const CommunicatorKind chosen = choose_communicator(CommunicatorKind::kAuto, traits);
  int channel = 0;
  for (const CommunicatorKind kind : carriers_of(traits)) {
    const auto group = make_cuda_group(rank.context(), transport, members, channel++, kind);
    body({.rank = rank,
          .group = *group,
          .carrier = {.communicator = name_of(kind), .chosen = kind == chosen}});
    rank.context().wait();
  }
}

/// Runs `body` for every carrier on a thread for each device, and rethrows the first exception once
/// all have ended: a rank that fails ends the waits of the others.
void measure_group(const std::vector<ProfiledDevice>& devices,
                   const std::function<void(Member)>& body) {
  ThreadNetwork network(static_cast<int>(devices.size()), kDeadline);
  std::mutex mutex;
  std::exception_ptr first_failure;
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < network.size(); ++rank) {
    threads.emplace_back([&, rank] {
      const std::unique_ptr<Transport> transport = network.transport(rank);
      try {
        measure_rank(*transport, devices, body);
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex);
        first_failure = first_failure ? first_failure : std::current_exception();
        transport->abort(error.what());
      }
    });
  }
  threads.clear();  // joins
  if (first_failure) {
    std::rethrow_exception(first_failure);
  }
}

}  // namespace

std::vector<AllReduceTiming> measure_all_reduces(const std::vector<ProfiledDevice>& devices) {
  std::vector<AllReduceTiming> timings;
  for (std::size_t tp_degree = 2; tp_degree <= devices.size(); ++tp_degree) {
    const auto end = devices.begin() + static_cast<std::ptrdiff_t>(tp_degree);
    measure_group({devices.begin(), end}, [&](Member member) {
      for (const std::size_t bytes : message_sizes(kMostBytes)) {
        const Timing time = member.rank.time(bytes, [&] {
          member.group.all_reduce_sum(member.rank.data(bytes).data(),
                                      bytes / sizeof(kernels::Bfloat16),
                                      ElementType::kBfloat16);
        });
        if (member.group.rank() == 0) {
          timings.push_back(
              {static_cast<int>(tp_degree), static_cast<double>(bytes), time, member.carrier});
        }
      }
    });
  }
  return timings;
}

std::vector<TransferTiming> measure_transfers(const std::vector<ProfiledDevice>& devices) {
  std::vector<TransferTiming> timings;
  std::set<std::pair<int, int>> known;  // GPUs
  for (auto from = devices.begin(); from != devices.end(); ++from) {
    for (auto to = from + 1; to != devices.end(); ++to) {
      if (!known.insert({from->gpu, to->gpu}).second) {
        continue;
      }
      measure_group({*from, *to}, [&](Member member) {
        for (const std::size_t bytes : message_sizes(kMostBytes)) {
          const bool sends = member.group.rank() == 0;
          const Timing time = member.rank.time(bytes, [&] {
            sends ? member.group.send(member.rank.data(bytes), 1)
                  : member.group.receive(member.rank.data(bytes), 0);
          });
          if (!sends) {  // the receiver has it all when its call ends
            timings.push_back(
                {from->gpu, to->gpu, static_cast<double>(bytes), time, member.carrier});
          }
        }
      });
    }
  }
  return timings;
}

}  // namespace hexgen
