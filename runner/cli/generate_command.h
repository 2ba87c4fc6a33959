#pragma once

#include <iosfwd>
#include <string>

#include "runner/cli/backend_choice.h"
#include "runner/cli/process_options.h"
#include "runner/cli/prompts.h"
#include "runner/cli/run_target.h"
#include "runner/engine/request.h"

namespace CLI {
class App;
}

namespace hexgen {

struct GenerateOptions {
  TargetOptions target;
  PromptOptions prompts;
  GenerationRequest prototype;  // what all requests have in common
  BackendOptions backend;
  ProcessOptions processes;
  int prefill_chunk_tokens = 512;
  bool json = false;
};

void add_generate_options(CLI::App& app, GenerateOptions& options);

/// Continues the prompts. One prompt's text streams to `out` as it is drawn; without a tokenizer
/// the ids do, separated by spaces. With --json, or several prompts, each is one JSON line when all
/// are done. Of several processes, process 0 writes and the others only compute.
void run_generate(const GenerateOptions& options, std::ostream& out);

}  // namespace hexgen
