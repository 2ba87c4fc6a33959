#include "profiles/program.h"

#include <algorithm>
#include <exception>
#include <iostream>

#include "profiles/errors.h"
#include "profiles/version.h"

namespace hexgen {

namespace {

int report(const std::string& program, std::string message, ExitCode code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cerr << program << ": error: " << message << std::endl;
  return static_cast<int>(code);
}

}  // namespace

std::string version() {
  return HEXGEN_VERSION;
}

std::string git_commit() {
  return HEXGEN_COMMIT;
}

std::string version_line(const std::string& program) {
  return program + " " + version() + " (commit " + git_commit() + ")";
}

int run_program(const std::string& program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const InputError& error) {
    return report(program, error.what(), ExitCode::kBadInput);
  } catch (const InfeasibleError& error) {
    return report(program, error.what(), ExitCode::kInfeasible);
  } catch (const DeviceError& error) {
    return report(program, error.what(), ExitCode::kDeviceFailure);
  } catch (const std::bad_alloc&) {
    return report(program, "out of host memory", ExitCode::kInternalError);
  } catch (const std::exception& error) {
    return report(program, error.what(), ExitCode::kInternalError);
  }
}

}  // namespace hexgen
