#pragma once

#include <string>

#include "runner/engine/local_pipeline.h"

namespace hexgen {

/// What a person wants to compute with.
struct BackendOptions {
  std::string name;                   // "cpu", or "cuda": the GPUs of this machine in turn
  std::string dtype = "auto";         // of "cuda": "bf16" or "fp16"
  std::string communicator = "auto";  // of "cuda": see choose_communicator()
};

/// What GPUs compute in: "bf16" and "fp16" say so, "auto" is fp16 for weights stored in fp16, else
/// bf16. Throws InputError for other names.
ElementType compute_type(const std::string& dtype, ElementType weight_type);

/// What the backend computes in: "fp32", "bf16" or "fp16".
std::string dtype_name(const BackendOptions& options, ElementType weight_type);

/// Throws InputError for names that do not exist and for choices that the CPU backend does not
/// offer, DeviceError for "cuda" without a GPU.
BackendFactory backend_of(const BackendOptions& options, ElementType weight_type);

/// What runs without being asked for: "cuda" where there is a GPU.
std::string default_backend();

}  // namespace hexgen
