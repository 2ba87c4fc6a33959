#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "planner/cluster_generator.h"
#include "planner/explain_command.h"
#include "planner/plan_commands.h"
#include "planner/profile_import.h"
#include "planner/rent_command.h"
#include "planner/replan_command.h"
#include "planner/search_command.h"
#include "planner/share_command.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/program.h"
#include "runner/cli/process_options.h"
#include "runner/profiler/machine_profiler.h"

namespace {

constexpr const char* kProgram = "hexgen-plan";

struct ProfileCommand {
  std::string out;
  hexgen::ImportOptions import;
  std::vector<std::string> gpus;
  bool links = true;
  bool between = false;
  hexgen::ProcessOptions processes;
  std::string host_name;
  bool quiet = false;
};

void add_profile_options(CLI::App& app, ProfileCommand& command) {
  app.add_option("--out", command.out, "Profile or cluster file to write")->required();
  app.add_option("--gpus",
                 command.gpus,
                 "CUDA devices (default: all), or parts of them such as 0:24, which has 24 "
                 "multiprocessors")
      ->type_name("GPU[:N]")
      ->delimiter(',');
  app.add_flag("!--no-links", command.links, "Do not measure all-reduce and send/recv");
  auto* between = app.add_flag(
      "--between", command.between, "Measure between processes on several hosts instead");
  app.add_option("--host-name",
                 command.host_name,
                 "Name of the cluster's node that this process stands for (default: the host's)")
      ->needs(between);
  hexgen::add_process_options(app, command.processes);
  app.add_flag("--quiet", command.quiet, "No progress on stderr");
  hexgen::add_import_options(app, command.import);
}

/// None where another process writes it.
std::optional<hexgen::MeasuredProfile> measure(const ProfileCommand& command,
                                               const hexgen::ProfileProgress& progress) {
  const auto devices = hexgen::parse_profiled_devices(command.gpus);
  if (!command.between) {
    if (!command.processes.launch.node.empty() || !command.processes.launch.rendezvous.empty()) {
      throw hexgen::InputError("--node and --rendezvous go with --between");
    }
    return hexgen::profile_machine({.devices = devices, .links = command.links}, progress);
  }
  return hexgen::profile_between_hosts(
      {.processes = command.processes,
       .host_name = command.host_name,
       .device = devices.empty() ? hexgen::ProfiledDevice{} : devices.front()},
      progress);
}

void run_profile(const ProfileCommand& command) {
  if (!command.import.from.empty()) {
    hexgen::write_file(command.out, hexgen::import_profile(command.import));
    return;
  }
  const auto progress = [&](const std::string& line) {
    if (!command.quiet) {
      std::cerr << line << '\n';
    }
  };
  if (const auto profile = measure(command, progress)) {
    hexgen::write_file(command.out, hexgen::profile_text(*profile));
  }
}

template <typename Options>
void add_command(CLI::App& app,
                 const std::string& name,
                 const std::string& description,
                 Options& options,
                 void (*add_options)(CLI::App&, Options&),
                 void (*run)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, description);
  add_options(*command, options);
  command->callback([&options, run] { run(options); });
}

int run_command_line(int argc, char** argv) {
  CLI::App app("Plans how to serve a model on a heterogeneous GPU cluster");
  app.set_version_flag("--version", hexgen::version_line(kProgram));
  app.require_subcommand(1);
  hexgen::SearchOptions search;
  hexgen::ReplanOptions replan;
  hexgen::RentOptions rent;
  hexgen::ShareOptions share;
  hexgen::ExplainOptions explain;
  hexgen::PlanFileOptions check;
  hexgen::PlanFileOptions show;
  hexgen::ClusterOptions cluster;
  ProfileCommand profile;
  add_command(app, "search", "Find a plan", search, hexgen::add_search_options, hexgen::run_search);
  add_command(app,
              "replan",
              "Change a plan after nodes were lost or joined",
              replan,
              hexgen::add_replan_options,
              hexgen::run_replan);
  add_command(app,
              "rent",
              "Say which machines of a price list to rent, with a plan for them",
              rent,
              hexgen::add_rent_options,
              hexgen::run_rent);
  add_command(app,
              "share",
              "Divide a cluster among several models",
              share,
              hexgen::add_share_options,
              hexgen::run_share);
  add_command(app,
              "explain",
              "Say what binds a plan, what one more GPU is worth and what the runner-up was",
              explain,
              hexgen::add_explain_options,
              hexgen::run_explain);
  add_command(
      app, "check", "Say whether a plan fits", check, hexgen::add_check_options, hexgen::run_check);
  add_command(
      app, "show", "Explain a plan in a table", show, hexgen::add_show_options, hexgen::run_show);
  add_command(app,
              "cluster",
              "Make up a cluster",
              cluster,
              hexgen::add_cluster_options,
              hexgen::run_cluster);
  add_command(app,
              "profile",
              "Measure GPUs and links, or import measurements",
              profile,
              add_profile_options,
              run_profile);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    throw hexgen::InputError(error.what());
  }
  return static_cast<int>(hexgen::ExitCode::kDone);
}

}  // namespace

int main(int argc, char** argv) {
  return hexgen::run_program(kProgram, [&] { return run_command_line(argc, argv); });
}
