#pragma once

#include <memory>
#include <string>

#include "profiles/trace_rows.h"

namespace hexgen {

/// Estimated lengths of conversations, by the rules stated at open_trace(). The file is read at
/// once, but no more than one conversation of it is held at a time.
std::unique_ptr<TraceRows> open_sharegpt_trace(const std::string& file);

}  // namespace hexgen
