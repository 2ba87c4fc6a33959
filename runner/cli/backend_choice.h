#pragma once

#include <string>

#include "runner/engine/local_pipeline.h"

namespace hexgen {

/// The backend of this name: "cpu". Throws InputError for one that this build does not have.
BackendFactory backend_of(const std::string& name);

/// What runs without being asked for.
std::string default_backend();

}  // namespace hexgen
