#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "runner/comm/process_network.h"
#include "runner/comm/rendezvous.h"
#include "runner/launch/launch.h"
#include "runner/launch/process_layout.h"

namespace hexgen {

/// Meets the other processes of the launch and connects the ranks of the pipeline. Version and
/// launcher's run must agree besides `agreements`. When an abort leaves ranks of this process stuck
/// in something that does not end, the process prints the reason and exits with code 4. Throws as
/// meet().
std::unique_ptr<ProcessNetwork> join_network(const Launch& launch,
                                             const ProcessLayout& layout,
                                             const std::vector<std::string>& rank_names,
                                             std::vector<Agreement> agreements,
                                             std::chrono::milliseconds patience,
                                             const NetworkTimes& times = {});

}  // namespace hexgen
