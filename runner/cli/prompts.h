#pragma once

#include <string>
#include <vector>

#include "runner/cli/run_target.h"
#include "runner/engine/request.h"

namespace hexgen {

/// Where prompts come from; exactly one is given.
struct PromptOptions {
  std::string text;      // --prompt
  std::vector<int> ids;  // --prompt-ids
  std::string
      jsonl_path;  // --prompts: a file of {"prompt": text} or {"prompt_tokens": [ids]} a line
  bool text_given = false;
};

/// The prompts as requests with the ids 0, 1, 2, ..., otherwise like `prototype`. A line of the
/// file may have its own "max_new_tokens". Throws InputError, naming option or line, for an empty
/// prompt and for text without a tokenizer.
std::vector<GenerationRequest> read_prompts(const PromptOptions& options,
                                            const RunTarget& target,
                                            const GenerationRequest& prototype);

}  // namespace hexgen
