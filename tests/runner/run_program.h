#pragma once

#include <string>

#include "tests/support/shell.h"

namespace hexgen::test {

using Outcome = Finished;

/// hexgen-run with these arguments, in the repository root.
inline Outcome run(const std::string& arguments) {
  return run_shell(std::string(HEXGEN_RUN) + " " + arguments);
}

}  // namespace hexgen::test
