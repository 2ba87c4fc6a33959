#pragma once

#include <string>
#include <variant>

#include "profiles/layer_profile.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// What an option --profile may name: the measurements of a machine, or those of a model's layers.
using AnyProfile = std::variant<MeasuredProfile, LayerProfile>;

/// Reads the file as what its key "format" says. Throws InputError naming file and JSON path.
AnyProfile read_any_profile(const std::string& path);

}  // namespace hexgen
