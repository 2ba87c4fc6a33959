#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "runner/comm/thread_transport.h"

namespace hexgen::test {

/// Runs body(transport of rank r) on a thread for each rank; rethrows what the first rank threw.
inline void run_ranks(int ranks,
                      const std::function<void(Transport&)>& body,
                      std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  ThreadNetwork network(ranks, deadline);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&network, &body, &errors, rank] {
      try {
        body(*network.transport(rank));
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::exception_ptr& error : errors) {
    if (error) {
      std::rethrow_exception(error);
    }
  }
}

}  // namespace hexgen::test
