#pragma once

#include <string>

#include "profiles/input_file.h"
#include "profiles/workload.h"

namespace hexgen {

class JsonReader;

/// Reads "hexgen.workload/1". Token counts have the "distribution" fixed {value}, uniform {min,
/// max}, lognormal {mean, p50, max}, exponential {mean, max} or empirical {values}; min may be
/// given too. Arrivals have the "process" poisson {rate_per_s}, gamma {rate_per_s, burstiness},
/// uniform {rate_per_s} or all-at-once. Throws InputError.
Workload workload_from_json(const JsonReader& root, const std::string& default_name);

Workload parse_workload(const InputFile& file);

/// A file, or a name such as "hexgen-128".
Workload read_workload(const std::string& path_or_name);

}  // namespace hexgen
