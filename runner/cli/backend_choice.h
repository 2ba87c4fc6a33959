#pragma once

#include <string>

#include "runner/engine/local_pipeline.h"

namespace hexgen {

/// The backend of this name: "cpu", or "cuda", whose devices are the GPUs of this machine in turn.
/// Throws InputError for another name, DeviceError for "cuda" without a GPU.
BackendFactory backend_of(const std::string& name);

/// What runs without being asked for: "cuda" where there is a GPU.
std::string default_backend();

}  // namespace hexgen
