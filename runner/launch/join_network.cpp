#include "runner/launch/join_network.h"

#include <unistd.h>

#include <iostream>

#include "profiles/errors.h"
#include "profiles/program.h"

namespace hexgen {
namespace {

/// Destructors may wait for what is stuck, so they do not run.
[[noreturn]] void end_process(const std::string& reason) {
  std::cerr << "hexgen-run: error: " << reason << std::endl;
  _exit(static_cast<int>(ExitCode::kDeviceFailure));
}

}  // namespace

std::unique_ptr<ProcessNetwork> join_network(const Launch& launch,
                                             const ProcessLayout& layout,
                                             const std::vector<std::string>& rank_names,
                                             std::vector<Agreement> agreements,
                                             std::chrono::milliseconds patience,
                                             const NetworkTimes& times) {
  agreements.push_back({"version", version_line("hexgen-run")});
  agreements.push_back({"run", launch.job});
  std::vector<Socket> links(1);
  if (launch.rendezvous) {
    links = meet({.process = launch.process,
                  .nodes = layout.nodes,
                  .address = *launch.rendezvous,
                  .agreements = std::move(agreements),
                  .patience = patience});
  }
  return std::make_unique<ProcessNetwork>(ProcessGroup{.process = launch.process,
                                                       .nodes = layout.nodes,
                                                       .process_of_rank = layout.process_of_rank,
                                                       .rank_names = rank_names,
                                                       .links = std::move(links)},
                                          times,
                                          end_process);
}

}  // namespace hexgen
