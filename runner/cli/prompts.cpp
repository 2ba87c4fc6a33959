#include "runner/cli/prompts.h"

#include <sstream>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/json_reader.h"

namespace hexgen {
namespace {

constexpr int kMostNewTokens = 100'000'000;

std::vector<int> encode(const std::string& text,
                        const RunTarget& target,
                        const std::string& where) {
  if (!target.tokenizer) {
    throw InputError(where + ": text needs a tokenizer.json in the model's folder");
  }
  std::vector<int> tokens = target.tokenizer->encode(text);
  if (tokens.empty()) {
    throw InputError(where + ": the prompt is empty");
  }
  return tokens;
}

std::vector<int> read_ids(const JsonReader& list, const ModelSpec& model) {
  std::vector<int> ids;
  for (const JsonReader& id : list.items()) {
    ids.push_back(id.small_integer(0, model.vocab_size - 1));
  }
  if (ids.empty()) {
    list.fail("is empty, expected at least one token");
  }
  return ids;
}

GenerationRequest read_line(const std::string& line,
                            const std::string& label,
                            const RunTarget& target,
                            const GenerationRequest& prototype) {
  const JsonDocument document = JsonDocument::parse(line, label);
  const JsonReader entry = document.root();
  entry.allow_only({"prompt", "prompt_tokens", "max_new_tokens"});
  GenerationRequest request = prototype;
  if (const auto ids = entry.find("prompt_tokens")) {
    if (entry.has("prompt")) {
      entry.fail("has both prompt and prompt_tokens");
    }
    request.prompt = read_ids(*ids, target.model);
  } else {
    request.prompt = encode(entry.at("prompt").string(), target, label);
  }
  if (const auto tokens = entry.find("max_new_tokens")) {
    request.max_new_tokens = tokens->small_integer(1, kMostNewTokens);
  }
  return request;
}

std::vector<GenerationRequest> read_lines(const std::string& path,
                                          const RunTarget& target,
                                          const GenerationRequest& prototype) {
  std::vector<GenerationRequest> requests;
  std::istringstream lines(read_file(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      const std::string label = path + ":" + std::to_string(number);
      requests.push_back(read_line(line, label, target, prototype));
      requests.back().id = requests.size() - 1;
    }
  }
  if (requests.empty()) {
    throw InputError(path + ": holds no prompt");
  }
  return requests;
}

}  // namespace

std::vector<GenerationRequest> read_prompts(const PromptOptions& options,
                                            const RunTarget& target,
                                            const GenerationRequest& prototype) {
  const bool file_given = !options.jsonl_path.empty();
  if (int{options.text_given} + int{!options.ids.empty()} + int{file_given} != 1) {
    throw InputError("expected exactly one of --prompt, --prompt-ids and --prompts");
  }
  if (file_given) {
    return read_lines(options.jsonl_path, target, prototype);
  }
  GenerationRequest request = prototype;
  request.prompt = options.text_given ? encode(options.text, target, "--prompt") : options.ids;
  return {request};
}

}  // namespace hexgen
