#pragma once

#include <vector>

#include "runner/comm/rendezvous.h"

namespace hexgen {

/// The other processes' part of meet(): asks process 0 to be let in, then calls on the processes
/// before this one and is called on by those behind it.
std::vector<Socket> join_meeting(const Meeting& meeting);

}  // namespace hexgen
