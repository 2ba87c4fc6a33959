#include "profiles/errors.h"
#include "runner/profiler/machine_profiler.h"

namespace hexgen {
namespace {

[[noreturn]] void refuse() {
  throw DeviceError(
      "this hexgen was built without CUDA and cannot measure GPUs; use the catalogue "
      "(profiles/gpus.json, profiles/links.json) or a profile from profiles/measured/, or "
      "configure with -DHEXGEN_CUDA=ON");
}

}  // namespace

MeasuredProfile profile_machine(const ProfileOptions&, const ProfileProgress&) {
  refuse();
}

std::optional<MeasuredProfile> profile_between_hosts(const BetweenOptions&,
                                                     const ProfileProgress&) {
  refuse();
}

}  // namespace hexgen
