#include "runner/tokenizer/post_processor.h"

#include "runner/tokenizer/steps.h"

namespace hexgen::tokenizer {

namespace {

/// Ids before and behind the text, each with its place for errors.
struct Wrapping {
  std::vector<JsonReader> before;
  std::vector<JsonReader> behind;
};

std::vector<JsonReader> ids_of(const JsonReader& special, const JsonReader& definitions) {
  const JsonReader name = special.at("id");
  const auto definition = definitions.find(name.string());
  if (!definition) {
    name.fail(name.shown() + " is not among special_tokens");
  }
  return definition->at("ids").items();
}

Wrapping read_template(const JsonReader& json) {
  json.allow_only({"type", "single", "pair", "special_tokens"});
  const JsonReader single = json.at("single");
  Wrapping wrapping;
  int texts = 0;
  for (const JsonReader& item : single.items()) {
    item.allow_only({"SpecialToken", "Sequence"});
    if (const auto special = item.find("SpecialToken")) {
      auto& side = texts == 0 ? wrapping.before : wrapping.behind;
      const std::vector<JsonReader> ids = ids_of(*special, json.at("special_tokens"));
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      item.at("Sequence").at("id").one_of({"A"});
      ++texts;
    }
  }
  if (texts != 1) {
    single.fail("has the text " + std::to_string(texts) + " times, expected once");
  }
  return wrapping;
}

Wrapping read_byte_level(const JsonReader& json) {
  json.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  return {};  // it only trims offsets, which nobody asks for
}

std::vector<int> checked(const std::vector<JsonReader>& ids, const TokenTable& table) {
  std::vector<int> tokens;
  for (const JsonReader& id : ids) {
    tokens.push_back(id.small_integer(0, kMaxTokenId));
    if (table.find(tokens.back()) == nullptr) {
      id.fail(id.shown() + " is the id of no token");
    }
  }
  return tokens;
}

}  // namespace

PostProcessor::PostProcessor(const JsonReader& json, const TokenTable& table) {
  static const StepReaders<Wrapping> readers = {
      {"ByteLevel", read_byte_level},
      {"TemplateProcessing", read_template},
  };
  std::vector<Wrapping> steps;
  read_steps(json, "processors", readers, steps);
  for (const Wrapping& step : steps) {  // each wraps what the ones before it made
    const std::vector<int> before = checked(step.before, table);
    const std::vector<int> behind = checked(step.behind, table);
    before_.insert(before_.begin(), before.begin(), before.end());
    behind_.insert(behind_.end(), behind.begin(), behind.end());
  }
}

}  // namespace hexgen::tokenizer
