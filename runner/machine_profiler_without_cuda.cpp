#include "profiles/errors.h"
#include "runner/machine_profiler.h"

namespace hexgen {

MeasuredProfile profile_machine(const ProfileOptions&, const ProfileProgress&) {
  throw DeviceError(
      "this hexgen was built without CUDA and cannot measure GPUs; use the catalogue "
      "(profiles/gpus.json, profiles/links.json) or a profile from profiles/measured/, or "
      "configure with -DHEXGEN_CUDA=ON");
}

}  // namespace hexgen
