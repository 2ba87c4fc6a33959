#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "cost_models/calibration/calibration.h"
#include "cost_models/calibration/held_out.h"
#include "profiles/program.h"

namespace {

void report_held_out(const std::vector<std::string>& profiles) {
  std::vector<hexgen::HeldOutError> errors;
  for (const std::string& path : profiles) {
    const auto of_profile = hexgen::held_out_errors(hexgen::read_profile(path));
    errors.insert(errors.end(), of_profile.begin(), of_profile.end());
  }
  hexgen::print_held_out(errors, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compare the cost model with public measurements and fit its constants");
  std::string folder;
  std::vector<std::string> profiles;
  std::uint64_t seed = 1;
  auto* folder_option =
      app.add_option("folder", folder, "folder that holds gpu_ops/, helix/ and measured/");
  app.add_option("--held-out",
                 profiles,
                 "measured profiles instead: errors on timings that are left out of them")
      ->excludes(folder_option);
  app.add_option("--seed", seed, "which random half the constants are fitted on")
      ->capture_default_str();
  app.set_version_flag("--version", hexgen::version_line("hexgen-calibrate"));
  app.require_option(1, 0);
  CLI11_PARSE(app, argc, argv);
  return hexgen::run_program("hexgen-calibrate", [&] {
    if (profiles.empty()) {
      hexgen::print_report(hexgen::calibrate(folder, seed), std::cout);
    } else {
      report_held_out(profiles);
    }
    return 0;
  });
}
