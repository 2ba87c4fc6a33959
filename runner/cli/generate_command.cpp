#include "runner/cli/generate_command.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "runner/cli/generation_json.h"
#include "runner/cli/run_requests.h"
#include "runner/cli/target_options.h"
#include "runner/tokenizer/token_stream.h"

namespace hexgen {
namespace {

/// Prints the tokens of one request as they come.
class Printer {
 public:
  Printer(const std::optional<Tokenizer>& tokenizer, std::ostream& out)
      : out_(out) {
    if (tokenizer) {
      stream_.emplace(*tokenizer);
    }
  }

  void print(const TokenEvent& event) {
    if (event.finished != FinishReason::kStop) {
      const int token = event.choice.chosen.token;
      out_ << (stream_ ? stream_->next(token) : std::to_string(token) + " ");
    }
    if (event.finished) {
      out_ << (stream_ ? stream_->finish() : "") << '\n';
    }
    out_ << std::flush;
  }

 private:
  std::optional<TokenStream> stream_;
  std::ostream& out_;
};

}  // namespace

void add_generate_options(CLI::App& app, GenerateOptions& options) {
  add_target_options(app, options.target, options.backend);
  add_process_options(app, options.processes);
  app.add_option("--prompt", options.prompts.text, "Text to continue");
  app.add_option("--prompt-ids", options.prompts.ids, "Tokens to continue: 1,2,3")->delimiter(',');
  app.add_option("--prompts",
                 options.prompts.jsonl_path,
                 R"(File with {"prompt": TEXT} or {"prompt_tokens": [..]} on each line)")
      ->type_name("FILE");
  GenerationRequest& request = options.prototype;
  request.max_new_tokens = 64;
  app.add_option("--max-new-tokens", request.max_new_tokens, "Tokens to draw at most")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  SamplingOptions& sampling = request.sampling;
  app.add_option("--temperature", sampling.temperature, "0: the most likely token")
      ->check(CLI::Range(0.0, 1e3))
      ->capture_default_str();
  app.add_option("--top-k", sampling.top_k, "Draw from the K most likely tokens; 0: from all")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--top-p", sampling.top_p, "Draw from the most likely tokens that make up P")
      ->check(CLI::Range(1e-6, 1.0));
  app.add_option("--logprobs", sampling.logprobs, "Report the K most likely tokens of each step")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--prefill-chunk",
                 options.prefill_chunk_tokens,
                 "Tokens of one step at most; longer prompts are cut")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_flag("--json", options.json, "Print JSON");
  app.callback([&app, &options] {
    options.prompts.text_given = app.get_option("--prompt")->count() > 0;
    options.prototype.sampling.seed = options.target.seed;
  });
}

void run_generate(const GenerateOptions& options, std::ostream& out) {
  const RunTarget target = load_target(options.target);
  GenerationRequest prototype = options.prototype;
  prototype.stop_tokens = target.model.eos_token_ids;
  const std::vector<GenerationRequest> requests = read_prompts(options.prompts, target, prototype);
  const bool stream = !options.json && requests.size() == 1;
  Printer printer(target.tokenizer, out);
  const auto on_token = [&](const TokenEvent& event) {
    if (stream) {
      printer.print(event);
    }
  };
  const PipelineRunner runner(target, options.processes, options.backend);
  const std::vector<Generation> generations =
      run_requests(target, runner, options.prefill_chunk_tokens, requests, on_token);
  if (!stream) {
    for (const Generation& generation : generations) {
      out << generation_json(generation, options.prototype.sampling.logprobs > 0, target.tokenizer);
    }
  }
}

}  // namespace hexgen
