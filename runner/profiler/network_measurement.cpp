#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "profiles/errors.h"
#include "profiles/program.h"
#include "runner/comm/process_network.h"
#include "runner/comm/rendezvous.h"
#include "runner/cuda/cuda_group.h"
#include "runner/profiler/exchange_timing.h"
#include "runner/profiler/machine_profiler.h"
#include "runner/profiler/versions.h"

namespace hexgen {
namespace {

// Less than between GPUs of a machine: networks are slower, and straight lines at that size.
constexpr std::size_t kMostBytes = std::size_t{1} << 24;

constexpr int kMasterProcess = 0;
constexpr int kControlChannel = 0;
constexpr int kMessageChannel = 1;
constexpr int kFirstGroupChannel = 2;

[[noreturn]] void end_process(const std::string& reason) {
  std::cerr << "hexgen-plan: error: " << reason << std::endl;
  _exit(static_cast<int>(ExitCode::kDeviceFailure));  // destructors may wait for what is stuck
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3));
}

std::string own_host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::unique_ptr<ProcessNetwork> connect(const Launch& launch, const ProcessOptions& options) {
  ProcessGroup group = {.process = launch.process};
  for (int process = 0; process < launch.num_processes; ++process) {
    group.nodes.push_back("process " + std::to_string(process));
    group.rank_names.push_back(group.nodes.back());
    group.process_of_rank.push_back(process);
  }
  group.links = meet({.process = launch.process,
                      .nodes = group.nodes,
                      .address = *launch.rendezvous,
                      .agreements = {{"version", version_line("hexgen-plan profile --between")},
                                     {"run", launch.job}},
                      .patience = milliseconds_of(options.rendezvous_timeout_s)});
  NetworkTimes times;
  times.receive_deadline = milliseconds_of(options.wait_timeout_s);
  return std::make_unique<ProcessNetwork>(std::move(group), times, end_process);
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

enum class Exchange { kSend, kAllReduce, kMessage };

/// A timing as it goes over the network.
struct Sample {
  Exchange exchange = Exchange::kSend;
  double bytes = 0;
  Timing time;
};

/// This process among those that measure.
class BetweenProcess {
 public:
  BetweenProcess(Transport& transport, const ProfiledDevice& device)
      : transport_(transport),
        rank_(device, kMostBytes) {}

  /// The two exchange data and the later one tells process 0; all others wait for them, so that the
  /// network is theirs alone.
  std::vector<Sample> measure(int from, int to) {
    std::vector<Sample> samples;
    if (own() == from || own() == to) {
      time_between_gpus(from, to, samples);
      time_messages(own() == from ? to : from, own() == to, samples);
    }
    if (own() == to) {
      transport_.send(kMasterProcess, kControlChannel, std::as_bytes(std::span(samples)));
    }
    if (own() == kMasterProcess) {
      samples = receive_samples(to);
    }
    meet_all();
    return samples;
  }

  /// Names of all hosts, on process 0.
  std::vector<std::string> collect_names(const std::string& name) {
    if (own() != kMasterProcess) {
      transport_.send(kMasterProcess, kControlChannel, std::as_bytes(std::span(name)));
      return {};
    }
    std::vector<std::string> names = {name};
    for (int process = 1; process < transport_.size(); ++process) {
      const std::vector<std::byte> text = transport_.receive(process, kControlChannel);
      names.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
    }
    return names;
  }

 private:
  int own() const { return transport_.rank(); }

  void time_between_gpus(int from, int to, std::vector<Sample>& samples) {
    const int channel = kFirstGroupChannel + from * transport_.size() + to;
    const auto group =
        make_cuda_group(rank_.context(), transport_, {from, to}, channel, CommunicatorKind::kAuto);
    for (const std::size_t bytes : message_sizes(kMostBytes)) {
      const Timing send = rank_.time(bytes, [&] {
        group->rank() == 0 ? group->send(rank_.data(bytes), 1)
                           : group->receive(rank_.data(bytes), 0);
      });
      const Timing all_reduce = rank_.time(bytes, [&] {
        group->all_reduce_sum(
            rank_.data(bytes).data(), bytes / sizeof(kernels::Bfloat16), ElementType::kBfloat16);
      });
      const auto size = static_cast<double>(bytes);
      samples.push_back({.exchange = Exchange::kSend, .bytes = size, .time = send});
      samples.push_back({.exchange = Exchange::kAllReduce, .bytes = size, .time = all_reduce});
    }
    rank_.context().wait();
    // A sender is done when its data have left; without its end of the group they would not arrive.
    const int peer = own() == from ? to : from;
    transport_.send(peer, channel, {});
    transport_.receive(peer, channel);
  }

  /// There and back again, one message at a time: half of it is one message.
  void time_messages(int peer, bool begins, std::vector<Sample>& samples) {
    constexpr int kWarmUps = 20;
    constexpr int kRoundTrips = 200;
    constexpr std::array<std::byte, 64> kMessage{};
    std::vector<double> samples_s;
    for (int trip = 0; trip < kWarmUps + kRoundTrips; ++trip) {
      const auto begin = std::chrono::steady_clock::now();
      if (begins) {
        transport_.send(peer, kMessageChannel, kMessage);
      }
      transport_.receive(peer, kMessageChannel);
      if (!begins) {
        transport_.send(peer, kMessageChannel, kMessage);
      }
      const std::chrono::duration<double> both_ways = std::chrono::steady_clock::now() - begin;
      if (trip >= kWarmUps) {
        samples_s.push_back(both_ways.count() / 2);
      }
    }
    samples.push_back({.exchange = Exchange::kMessage,
                       .bytes = double{kMessage.size()},
                       .time = summarize(std::move(samples_s))});
  }

  std::vector<Sample> receive_samples(int from) {
    const std::vector<std::byte> message = transport_.receive(from, kControlChannel);
    std::vector<Sample> samples(message.size() / sizeof(Sample));
    std::memcpy(samples.data(), message.data(), samples.size() * sizeof(Sample));
    return samples;
  }

  void meet_all() {
    for (int process = 1; process < transport_.size(); ++process) {
      if (own() == kMasterProcess) {
        transport_.receive(process, kControlChannel);
      } else if (own() == process) {
        transport_.send(kMasterProcess, kControlChannel, {});
      }
    }
    for (int process = 1; process < transport_.size(); ++process) {
      if (own() == kMasterProcess) {
        transport_.send(process, kControlChannel, {});
      } else if (own() == process) {
        transport_.receive(kMasterProcess, kControlChannel);
      }
    }
  }

  Transport& transport_;
  ExchangeRank rank_;
};

void check_distinct(const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> known;
  for (std::size_t process = 0; process < names.size(); ++process) {
    const auto [first, is_new] = known.emplace(names[process], process);
    if (!is_new) {
      throw InputError("--host-name: processes " + std::to_string(first->second) + " and " +
                       std::to_string(process) + " are both called '" + names[process] + "'");
    }
  }
}

std::vector<HostTiming>& timings_of(Exchange exchange, MeasuredProfile& profile) {
  switch (exchange) {
    case Exchange::kSend:
      return profile.between_hosts;
    case Exchange::kAllReduce:
      return profile.all_reduces_between_hosts;
    default:
      return profile.messages;
  }
}

void measure_all(BetweenProcess& process,
                 const std::vector<std::string>& names,
                 int num_processes,
                 const ProfileProgress& progress,
                 MeasuredProfile& profile) {
  for (int from = 0; from < num_processes; ++from) {
    for (int to = from + 1; to < num_processes; ++to) {
      const std::vector<Sample> samples = process.measure(from, to);
      if (names.empty()) {
        continue;  // process 0 writes it down
      }
      const std::string& from_host = names[static_cast<std::size_t>(from)];
      const std::string& to_host = names[static_cast<std::size_t>(to)];
      if (progress) {
        progress("measured from " + from_host + " to " + to_host);
      }
      for (const Sample& sample : samples) {
        timings_of(sample.exchange, profile)
            .push_back({from_host, to_host, sample.bytes, sample.time});
      }
    }
  }
}

}  // namespace

std::optional<MeasuredProfile> profile_between_hosts(const BetweenOptions& options,
                                                     const ProfileProgress& progress) {
  const Launch launch = find_launch(options.processes.launch, std::getenv);
  if (launch.num_processes < 2) {
    throw InputError("--between: there is one process, expected at least two: give --node K/N");
  }
  MeasuredProfile profile = profile_of_versions();
  const std::unique_ptr<ProcessNetwork> network = connect(launch, options.processes);
  const std::unique_ptr<Transport> transport = network->transport(launch.process);
  BetweenProcess process(*transport, options.device);
  const std::vector<std::string> names =
      process.collect_names(options.host_name.empty() ? own_host_name() : options.host_name);
  check_distinct(names);
  measure_all(process, names, launch.num_processes, progress, profile);
  network->finish();
  return names.empty() ? std::nullopt : std::optional(std::move(profile));
}

}  // namespace hexgen
