#pragma once

#include <stdexcept>

namespace hexgen {

/// Exit codes of all three programs; scripts rely on them.
enum class ExitCode {
  kDone = 0,
  kInternalError = 1,
  kBadInput = 2,      // bad input or usage
  kInfeasible = 3,    // nothing fits, or the plan does not fit
  kDeviceFailure = 4  // a device or the communication failed
};

/// The user's input is wrong. The message is one line that names the file, the JSON path or line,
/// the value found and what was expected: `cluster.json: nodes[2].gpus: 9 is more than 8`.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input is well formed, but no plan (or not this plan) can work: too little memory, no device
/// left, an SLO that nothing meets.
class InfeasibleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A GPU, a driver or a communicator failed.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace hexgen
