#include "profiles/errors.h"
#include "runner/bench/work_floor.h"

namespace hexgen {

Ceilings measure_ceilings(int) {
  throw DeviceError("hexgen was built without CUDA: no GPU to measure");
}

}  // namespace hexgen
