#pragma once

#include <string>

#include "simulator/report.h"

namespace hexgen::html {

/// How the run went: arrivals and completions, requests running and waiting, and strips of how busy
/// every stage and how full every KV cache was.
std::string over_time(const RunReport& report);

}  // namespace hexgen::html
