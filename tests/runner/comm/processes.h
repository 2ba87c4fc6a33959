#pragma once

#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runner/comm/process_network.h"
#include "runner/comm/rendezvous.h"

// Threads that stand for processes: each has its own network, and they meet over loopback.
namespace hexgen::test {

inline Address free_address() {
  return local_address(listen_on({"127.0.0.1", 0}));
}

/// Runs body(k) on a thread for each process; what each threw, "" when nothing.
inline std::vector<std::string> run_processes(int count, const std::function<void(int)>& body) {
  std::vector<std::string> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int process = 0; process < count; ++process) {
    threads.emplace_back([&body, &errors, process] {
      try {
        body(process);
      } catch (const std::exception& error) {
        errors[static_cast<std::size_t>(process)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return errors;
}

inline std::vector<std::string> node_names(int count) {
  std::vector<std::string> names;
  for (int process = 0; process < count; ++process) {
    names.push_back(std::string(1, static_cast<char>('a' + process)));
  }
  return names;
}

/// After meeting; ranks are called "stage 1 (rank 0)", ...
inline ProcessGroup group_at(const Address& address,
                             int process,
                             const std::vector<int>& process_of_rank,
                             int num_processes) {
  ProcessGroup group = {.process = process,
                        .nodes = node_names(num_processes),
                        .process_of_rank = process_of_rank,
                        .rank_names = {},
                        .links = meet({.process = process,
                                       .nodes = node_names(num_processes),
                                       .address = address,
                                       .patience = std::chrono::seconds(20)})};
  for (std::size_t rank = 0; rank < process_of_rank.size(); ++rank) {
    group.rank_names.push_back("stage 1 (rank " + std::to_string(rank) + ")");
  }
  return group;
}

}  // namespace hexgen::test
