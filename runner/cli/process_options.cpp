#include "runner/cli/process_options.h"

#include <CLI/CLI.hpp>

namespace hexgen {

void add_process_options(CLI::App& app, ProcessOptions& options) {
  constexpr double kMostSeconds = 1e6;
  app.add_option("--node",
                 options.launch.node,
                 "This is process K, from 0, of N; mpirun, srun and torchrun say it by themselves")
      ->type_name("K/N");
  app.add_option("--rendezvous", options.launch.rendezvous, "Where process 0 is to be found")
      ->type_name("HOST:PORT");
  app.add_option("--rendezvous-timeout",
                 options.rendezvous_timeout_s,
                 "Seconds to wait for the other processes")
      ->check(CLI::Range(0.1, kMostSeconds))
      ->capture_default_str();
  app.add_option("--wait-timeout",
                 options.wait_timeout_s,
                 "Seconds that a rank waits for another one at most, while it loads or computes")
      ->check(CLI::Range(0.1, kMostSeconds))
      ->capture_default_str();
}

}  // namespace hexgen
