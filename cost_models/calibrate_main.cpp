#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <string>

#include "cost_models/calibration/calibration.h"
#include "profiles/program.h"

int main(int argc, char** argv) {
  CLI::App app("Compare the cost model with public measurements and fit its constants");
  std::string folder;
  std::uint64_t seed = 1;
  app.add_option("folder", folder, "folder that holds gpu_ops/, helix/ and measured/")->required();
  app.add_option("--seed", seed, "which random half the constants are fitted on")
      ->capture_default_str();
  app.set_version_flag("--version", hexgen::version_line("hexgen-calibrate"));
  CLI11_PARSE(app, argc, argv);
  return hexgen::run_program("hexgen-calibrate", [&] {
    hexgen::print_report(hexgen::calibrate(folder, seed), std::cout);
    return 0;
  });
}
