#include <charconv>

#include "profiles/errors.h"
#include "runner/profiler/machine_profiler.h"

namespace hexgen {
namespace {

/// The whole text as a number from `least` on; -1 otherwise.
int number_of(const std::string& text, int least) {
  int value = -1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end && value >= least ? value : -1;
}

ProfiledDevice parse_device(const std::string& text) {
  const std::size_t colon = text.find(':');
  const ProfiledDevice device = {
      .gpu = number_of(text.substr(0, colon), 0),
      .sm_limit = colon == std::string::npos ? 0 : number_of(text.substr(colon + 1), 1)};
  if (device.gpu < 0 || device.sm_limit < 0) {
    throw InputError("--gpus: '" + text +
                     "' is neither a GPU such as 0 nor a part of one such as 0:24");
  }
  return device;
}

}  // namespace

std::vector<ProfiledDevice> parse_profiled_devices(const std::vector<std::string>& texts) {
  std::vector<ProfiledDevice> devices;
  for (const std::string& text : texts) {
    const ProfiledDevice device = parse_device(text);
    for (const ProfiledDevice& other : devices) {
      if (other.gpu == device.gpu && (other.sm_limit == 0 || device.sm_limit == 0)) {
        throw InputError("--gpus: " + std::to_string(device.gpu) +
                         " is named twice, only parts such as 0:24 may be");
      }
    }
    devices.push_back(device);
  }
  return devices;
}

}  // namespace hexgen
