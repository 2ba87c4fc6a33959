#pragma once

#include "runner/launch/launch.h"

namespace CLI {
class App;
}

namespace hexgen {

/// How the processes of a run find each other, and how long they wait.
struct ProcessOptions {
  LaunchFlags launch;
  double rendezvous_timeout_s = 60;
  double wait_timeout_s = 600;
};

/// --node, --rendezvous, --rendezvous-timeout and --wait-timeout.
void add_process_options(CLI::App& app, ProcessOptions& options);

}  // namespace hexgen
