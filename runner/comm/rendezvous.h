#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "runner/comm/socket.h"

namespace hexgen {

/// Something that all processes must have in common: {"plan", "3f2a..."}.
struct Agreement {
  std::string name;
  std::string value;
};

/// One process's view of a meeting of all processes of a pipeline.
struct Meeting {
  int process = 0;
  std::vector<std::string> nodes;  // by process
  Address address;                 // where process 0 listens
  std::vector<Agreement> agreements = {};
  std::chrono::milliseconds patience = std::chrono::minutes(1);
};

/// Meets the others at the address, compares what must agree, and connects every two processes.
/// Gives the connections by process; the own place is empty. The processes may come in any order.
/// Throws InputError when they do not belong together, naming the node and what differs (the same
/// on all of them), or the address cannot be used; DeviceError when patience ends, naming who is
/// missing.
std::vector<Socket> meet(const Meeting& meeting);

}  // namespace hexgen
