#pragma once

#include <vector>

#include "runner/comm/rendezvous.h"

namespace hexgen {

/// Process 0's part of meet(): waits for the others, compares, and tells each where all are.
std::vector<Socket> receive_guests(const Meeting& meeting);

}  // namespace hexgen
