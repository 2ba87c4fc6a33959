#include "runner/cli/target_options.h"

#include <CLI/CLI.hpp>

namespace hexgen {

void add_target_options(CLI::App& app, TargetOptions& target, BackendOptions& backend) {
  app.add_option("--plan", target.plan, "Plan file, or \"single\": one device with all layers")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--pipeline", target.pipeline, "Run this pipeline of the plan only")
      ->type_name("NAME");
  app.add_option("--model", target.model, "Hugging Face model folder")->type_name("DIR");
  app.add_flag("--random-weights",
               target.random_weights,
               "Seeded weights in the shape of --model, or of the plan's model");
  app.add_option("--seed", target.seed, "Of all that is drawn: random weights, tokens, requests")
      ->capture_default_str();
  backend.name = default_backend();
  app.add_option("--backend", backend.name, "cpu or cuda")->capture_default_str();
  app.add_option("--dtype",
                 backend.dtype,
                 "What GPUs compute in: bf16, fp16 or auto: as the checkpoint is, bf16 for fp32")
      ->capture_default_str();
  app.add_option("--communicator",
                 backend.communicator,
                 "How GPUs exchange data: nccl, peer (their memory, in one process), host or auto")
      ->capture_default_str();
}

}  // namespace hexgen
