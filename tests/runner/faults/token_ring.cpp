#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <numeric>
#include <thread>

#include "profiles/errors.h"
#include "profiles/program.h"
#include "runner/comm/host_communicator.h"
#include "runner/launch/join_network.h"

// What the fault test kills: ranks that do nothing but communicate as a pipeline's do. In every
// step rank 0 sends a token round the ring, each rank adds its number, all ranks add up a vector,
// and rank 0 prints the token. Node k takes ranks 2k and 2k + 1.
namespace {

constexpr int kRanksPerProcess = 2;

struct Options {
  hexgen::LaunchFlags launch;
  std::string plan = "ring";
  int steps = 100;
  int step_ms = 0;
  double patience_s = 60;
};

/// The token of a step once round: 1000 step + 0 + 1 + ... + (ranks - 1).
std::int64_t pass_token(hexgen::Transport& transport, std::int64_t step) {
  const int ranks = transport.size();
  const int rank = transport.rank();
  std::int64_t token = 1000 * step;
  const auto receive = [&] {
    const std::vector<std::byte> bytes = transport.receive((rank + ranks - 1) % ranks, 1);
    std::memcpy(&token, bytes.data(), sizeof token);
  };
  if (rank != 0) {
    receive();
  }
  token += rank;
  transport.send((rank + 1) % ranks, 1, std::as_bytes(std::span(&token, 1)));
  if (rank == 0) {
    receive();
  }
  return token;
}

void add_up(hexgen::Communicator& group) {
  std::vector<float> values(6000, 1.0F + static_cast<float>(group.rank()));
  group.all_reduce_sum(
      reinterpret_cast<std::byte*>(values.data()), values.size(), hexgen::ElementType::kFloat32);
  if (values.back() != 0.5F * static_cast<float>(group.size() * (group.size() + 1))) {
    throw hexgen::DeviceError("wrong sum " + std::to_string(values.back()));
  }
}

void run_rank(hexgen::Transport& transport, const Options& options) {
  std::vector<int> everyone(static_cast<std::size_t>(transport.size()));
  std::iota(everyone.begin(), everyone.end(), 0);
  hexgen::HostCommunicator group(transport, everyone, 2);
  for (std::int64_t step = 0; step < options.steps; ++step) {
    transport.begin_step(step);
    const std::int64_t token = pass_token(transport, step);
    add_up(group);
    if (transport.rank() == 0) {
      std::cout << token << std::endl;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(options.step_ms));
  }
}

void run_local_ranks(hexgen::ProcessNetwork& network, const Options& options) {
  std::vector<std::thread> threads;
  for (const int rank : network.local_ranks()) {
    threads.emplace_back([&network, &options, rank] {
      const auto transport = network.transport(rank);
      try {
        run_rank(*transport, options);
      } catch (const std::exception& error) {
        transport->abort(error.what());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  network.finish();
}

int run(const Options& options) {
  const hexgen::Launch launch = hexgen::find_launch(options.launch, std::getenv);
  hexgen::ProcessLayout layout;
  std::vector<std::string> names;
  for (int process = 0; process < launch.num_processes; ++process) {
    layout.nodes.push_back("n" + std::to_string(process));
    for (int index = 0; index < kRanksPerProcess; ++index) {
      const std::string rank = std::to_string(names.size());
      names.push_back("stage " + std::to_string(process) + ", rank " + rank);
      layout.process_of_rank.push_back(process);
    }
  }
  const std::chrono::milliseconds patience(static_cast<int>(options.patience_s * 1e3));
  const auto network = join_network(launch, layout, names, {{"plan", options.plan}}, patience);
  run_local_ranks(*network, options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return hexgen::run_program("token-ring", [&] {
    CLI::App app("Passes tokens round a ring of ranks in several processes");
    Options options;
    app.add_option("--node", options.launch.node);
    app.add_option("--rendezvous", options.launch.rendezvous);
    app.add_option("--plan", options.plan);
    app.add_option("--steps", options.steps);
    app.add_option("--step-ms", options.step_ms);
    app.add_option("--rendezvous-timeout", options.patience_s);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      throw hexgen::InputError(error.what());
    }
    return run(options);
  });
}
