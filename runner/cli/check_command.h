#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace hexgen {

struct CheckOptions {
  std::string plan;
  std::string model;
  bool json = false;
};

void add_check_options(CLI::App& app, CheckOptions& options);

/// Prints what each device would hold. Throws InfeasibleError when something does not fit.
void run_check(const CheckOptions& options, std::ostream& out);

}  // namespace hexgen
