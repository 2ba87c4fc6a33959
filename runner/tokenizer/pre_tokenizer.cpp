#include "runner/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "runner/tokenizer/byte_alphabet.h"
#include "runner/tokenizer/regex.h"
#include "runner/tokenizer/steps.h"

namespace hexgen::tokenizer {

namespace {

using Step = PreTokenizer::Step;

/// What becomes of the matches of a splitting pattern.
enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// Whether two neighbouring parts stay one word.
bool joined(Behavior behavior, const Span& left, const Span& right) {
  switch (behavior) {
    case Behavior::kMergedWithPrevious:
      return right.matched && !left.matched;
    case Behavior::kMergedWithNext:
      return left.matched && !right.matched;
    case Behavior::kContiguous:
      return left.matched == right.matched;
    case Behavior::kIsolated:
    case Behavior::kRemoved:
      break;
  }
  return false;
}

/// Appends the words into which the parts of `word` divide it.
void split(const Word& word,
           const std::vector<Span>& parts,
           Behavior behavior,
           std::vector<Word>& words) {
  for (std::size_t first = 0; first < parts.size();) {
    std::size_t last = first;
    while (last + 1 < parts.size() && joined(behavior, parts[last], parts[last + 1])) {
      ++last;
    }
    if (behavior != Behavior::kRemoved || !parts[first].matched) {
      const std::size_t begin = parts[first].begin;
      words.push_back(
          {word.text.substr(begin, parts[last].end - begin), word.at_start && begin == 0});
    }
    first = last + 1;
  }
}

Step read_split(const JsonReader& json) {
  json.allow_only({"type", "pattern", "behavior", "invert"});
  const auto behavior = static_cast<Behavior>(
      json.at("behavior")
          .one_of({"Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"}));
  return [regex = read_pattern(json.at("pattern")), invert = json.at("invert").boolean(), behavior](
             const Word& word, std::vector<Word>& words) {
    std::vector<Span> parts = regex.spans(word.text);
    if (invert) {
      std::for_each(parts.begin(), parts.end(), [](Span& part) { part.matched = !part.matched; });
    }
    split(word, parts, behavior, words);
  };
}

Step read_digits(const JsonReader& json) {
  json.allow_only({"type", "individual_digits"});
  const bool individual = read_flag(json, "individual_digits", false);
  return [digit = Regex("\\p{N}"),
          behavior = individual ? Behavior::kIsolated : Behavior::kContiguous](
             const Word& word, std::vector<Word>& words) {
    split(word, digit.spans(word.text), behavior, words);
  };
}

/// How GPT-2 splits text.
constexpr const char* kByteLevelPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Step read_byte_level(const JsonReader& json) {
  json.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  const bool add_prefix_space = json.at("add_prefix_space").boolean();
  const bool use_regex = read_flag(json, "use_regex", true);
  const Regex pattern(use_regex ? kByteLevelPattern : R"((?s:.+))");
  return [pattern, add_prefix_space](Word word, std::vector<Word>& words) {
    if (add_prefix_space && !word.text.empty() && word.text.front() != ' ') {
      word.text.insert(0, 1, ' ');
    }
    for (const Span& part : pattern.spans(word.text)) {
      const auto bytes = std::string_view(word.text).substr(part.begin, part.end - part.begin);
      words.push_back({to_byte_alphabet(bytes), word.at_start && part.begin == 0});
    }
  };
}

struct Metaspace {
  std::string mark;
  Regex mark_pattern;
  PrependScheme scheme;
  bool split_words;

  void operator()(Word word, std::vector<Word>& words) const {
    static const Regex space(" ", Regex::Kind::kLiteral);
    word.text = space.replace(word.text, mark);
    const bool wanted =
        scheme == PrependScheme::kAlways || (scheme == PrependScheme::kFirst && word.at_start);
    if (wanted && !word.text.empty() && word.text.rfind(mark, 0) != 0) {
      word.text.insert(0, mark);
    }
    if (split_words) {
      split(word, mark_pattern.spans(word.text), Behavior::kMergedWithNext, words);
    } else {
      words.push_back(std::move(word));
    }
  }
};

Step read_metaspace(const JsonReader& json) {
  json.allow_only(
      {"type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"});
  const std::string mark = read_character(json.at("replacement"));
  return Metaspace{mark,
                   Regex(mark, Regex::Kind::kLiteral),
                   read_prepend_scheme(json),
                   read_flag(json, "split", true)};
}

}  // namespace

PreTokenizer::PreTokenizer(const JsonReader& json) {
  static const StepReaders<Step> readers = {
      {"ByteLevel", read_byte_level},
      {"Digits", read_digits},
      {"Metaspace", read_metaspace},
      {"Split", read_split},
  };
  read_steps(json, "pretokenizers", readers, steps_);
}

std::vector<Word> PreTokenizer::apply(Word text) const {
  std::vector<Word> words;
  words.push_back(std::move(text));
  for (const Step& step : steps_) {
    std::vector<Word> divided;
    for (Word& word : words) {
      step(std::move(word), divided);
    }
    words = std::move(divided);
  }
  return words;
}

}  // namespace hexgen::tokenizer
