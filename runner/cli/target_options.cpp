#include "runner/cli/target_options.h"

#include <CLI/CLI.hpp>

#include "runner/cli/backend_choice.h"

namespace hexgen {

void add_target_options(CLI::App& app, TargetOptions& target, std::string& backend) {
  app.add_option("--plan", target.plan, "Plan file, or \"single\": one device with all layers")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--pipeline", target.pipeline, "Run this pipeline of the plan only")
      ->type_name("NAME");
  app.add_option("--model", target.model, "Hugging Face model folder")->type_name("DIR");
  app.add_flag("--random-weights",
               target.random_weights,
               "Seeded weights in the shape of --model, or of the plan's model");
  app.add_option("--seed", target.seed, "Of random weights and of sampling")->capture_default_str();
  backend = default_backend();
  app.add_option("--backend", backend, "cpu or cuda")->capture_default_str();
}

}  // namespace hexgen
