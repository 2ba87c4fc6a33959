#include <CLI/CLI.hpp>
#include <iostream>

#include "profiles/errors.h"
#include "profiles/program.h"
#include "runner/cli/bench_command.h"
#include "runner/cli/check_command.h"
#include "runner/cli/generate_command.h"
#include "runner/cli/replay_command.h"

int main(int argc, char** argv) {
  return hexgen::run_program("hexgen-run", [&] {
    CLI::App app("Runs a plan on the devices it names");
    app.set_version_flag("--version", hexgen::version_line("hexgen-run"));
    app.require_subcommand(1);
    hexgen::GenerateOptions generate;
    hexgen::BenchOptions bench;
    hexgen::ReplayOptions replay;
    hexgen::CheckOptions check;
    CLI::App* generate_command = app.add_subcommand("generate", "Continue prompts");
    CLI::App* bench_command = app.add_subcommand("bench", "Measure prefill and decode steps");
    CLI::App* replay_command =
        app.add_subcommand("replay", "Serve a workload in real time, as hexgen-sim plays it");
    CLI::App* check_command = app.add_subcommand(
        "check", "Show what each device would hold; exit code 3 if it does not fit");
    add_generate_options(*generate_command, generate);
    add_bench_options(*bench_command, bench);
    add_replay_options(*replay_command, replay);
    add_check_options(*check_command, check);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      return app.exit(asked);
    } catch (const CLI::ParseError& error) {
      throw hexgen::InputError(error.what());
    }
    if (generate_command->parsed()) {
      run_generate(generate, std::cout);
    } else if (bench_command->parsed()) {
      run_bench(bench, std::cout, std::cerr);
    } else if (replay_command->parsed()) {
      run_replay(replay, std::cout, std::cerr);
    } else {
      run_check(check, std::cout);
    }
    return static_cast<int>(hexgen::ExitCode::kDone);
  });
}
