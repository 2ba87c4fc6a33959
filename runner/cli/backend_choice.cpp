#include "runner/cli/backend_choice.h"

#include "profiles/errors.h"
#include "runner/cpu/cpu_backend.h"

namespace hexgen {

BackendFactory backend_of(const std::string& name) {
  if (name == "cpu") {
    return [](int) { return std::make_unique<CpuBackend>(); };
  }
  throw InputError("--backend: \"" + name + "\" is not in this build, expected cpu");
}

std::string default_backend() {
  return "cpu";
}

}  // namespace hexgen
