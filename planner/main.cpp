#include <CLI/CLI.hpp>
#include <iostream>

#include "planner/plan_commands.h"
#include "planner/search_command.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/program.h"
#include "runner/machine_profiler.h"

namespace {

constexpr const char* kProgram = "hexgen-plan";

struct ProfileCommand {
  std::string out;
  hexgen::ProfileOptions options;
  bool quiet = false;
};

void add_profile_options(CLI::App& app, ProfileCommand& command) {
  app.add_option("--out", command.out, "Profile file to write")->required();
  app.add_option("--gpus", command.options.gpus, "CUDA devices (default: all)")->delimiter(',');
  app.add_flag("!--no-links", command.options.links, "Do not measure all-reduce and send/recv");
  app.add_flag("--quiet", command.quiet, "No progress on stderr");
}

void run_profile(const ProfileCommand& command) {
  const auto progress = [&](const std::string& line) {
    if (!command.quiet) {
      std::cerr << line << '\n';
    }
  };
  const hexgen::MeasuredProfile profile = hexgen::profile_machine(command.options, progress);
  hexgen::write_file(command.out, hexgen::profile_text(profile));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plans how to serve a model on a heterogeneous GPU cluster", kProgram);
  app.set_version_flag("--version", hexgen::version_line(kProgram));
  app.require_subcommand(1);
  hexgen::SearchOptions search;
  hexgen::PlanFileOptions check;
  hexgen::PlanFileOptions show;
  ProfileCommand profile;
  const auto add = [&](const char* name, const char* help, auto add_options, auto& options) {
    CLI::App* command = app.add_subcommand(name, help);
    add_options(*command, options);
    return command;
  };
  const CLI::App* searching = add("search",
                                  "Find a plan for a model, cluster and workload",
                                  hexgen::add_search_options,
                                  search);
  const CLI::App* checking = add(
      "check", "Say whether a plan fits a cluster and a model", hexgen::add_check_options, check);
  const CLI::App* showing =
      add("show", "Explain a plan in a table", hexgen::add_show_options, show);
  add("profile", "Measure this machine's GPUs and links", add_profile_options, profile);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    app.exit(error);
    return static_cast<int>(asked ? hexgen::ExitCode::kDone : hexgen::ExitCode::kBadInput);
  }
  return hexgen::run_program(kProgram, [&] {
    *searching  ? hexgen::run_search(search)
    : *checking ? hexgen::run_check(check)
    : *showing  ? hexgen::run_show(show)
                : run_profile(profile);
    return static_cast<int>(hexgen::ExitCode::kDone);
  });
}
