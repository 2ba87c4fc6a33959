#pragma once

#include <atomic>

namespace hexgen {

/// From now on Ctrl-C sets the flag that is returned instead of ending the program; a second one
/// ends it at once.
const std::atomic<bool>& catch_interrupt();

}  // namespace hexgen
