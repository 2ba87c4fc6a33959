#include <CLI/CLI.hpp>
#include <iostream>

#include "profiles/errors.h"
#include "profiles/program.h"
#include "simulator/cli/commands.h"

namespace {

/// Adds a subcommand that calls `action` with its options after parsing.
template <typename Options>
void add_command(CLI::App& app,
                 const std::string& name,
                 const std::string& description,
                 Options& options,
                 void (*action)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, description);
  hexgen::add_options(*command, options);
  command->callback([&options, action] { action(options); });
}

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "Plays deployment plans against workloads and traces in a discrete-event simulation");
  app.set_version_flag("--version", hexgen::version_line("hexgen-sim"));
  app.require_subcommand(1);
  hexgen::RunOptions run;
  hexgen::SweepOptions sweep;
  hexgen::CompareOptions compare;
  hexgen::TraceOptions trace;
  add_command(app, "run", "Play a plan once and report", run, &hexgen::run);
  add_command(app,
              "sweep",
              "SLO attainment against request rate and SLO scale, highest rate, lowest deadline",
              sweep,
              &hexgen::sweep);
  add_command(
      app, "compare", "Play several plans on identical arrivals", compare, &hexgen::compare);
  add_command(app, "trace", "Say what a trace consists of, convert it", trace, &hexgen::trace);
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
  return hexgen::run_program("hexgen-sim", [&] { return run_command_line(argc, argv); });
}
