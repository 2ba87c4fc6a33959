#include "profiles/trace_sharegpt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/trace_lines.h"

namespace hexgen {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kBytesPerToken = 4;

// is_valid_sequence() of vLLM's benchmark.
constexpr std::size_t kMinTurnTokens = 4;
constexpr std::size_t kMaxPromptTokens = 1024;
constexpr std::size_t kMaxTotalTokens = 2048;

constexpr int kDeepestNesting = 64;  // keeps walking a value from exhausting the stack

struct Lengths {
  int prompt_tokens = 0;
  int output_tokens = 0;
};

std::size_t estimated_tokens(const JsonReader& turn) {
  const JsonReader text = turn.at("value");
  if (!text.is_string()) {
    text.fail(text.shown() + " is not text");
  }
  const std::size_t bytes = text.value().get_ref<const std::string&>().size();
  return (bytes + kBytesPerToken - 1) / kBytesPerToken;
}

/// Nothing when vLLM's benchmark would drop the conversation.
std::optional<Lengths> lengths_of(const JsonReader& conversation) {
  const std::vector<JsonReader> turns = conversation.at("conversations").items();
  if (turns.size() < 2) {
    return std::nullopt;
  }
  const std::size_t prompt = estimated_tokens(turns[0]);
  const std::size_t output = estimated_tokens(turns[1]);
  const bool kept = prompt >= kMinTurnTokens && output >= kMinTurnTokens &&
                    prompt <= kMaxPromptTokens && prompt + output <= kMaxTotalTokens;
  return kept ? std::optional(Lengths{static_cast<int>(prompt), static_cast<int>(output)})
              : std::nullopt;
}

/// "parse error at line 3, column 14: ...", in printable characters.
std::string problem_of(const Json::exception& error) {
  std::string problem = error.what();
  problem.erase(0, problem.find("] ") + 2);  // "[json.exception.parse_error.101] "
  std::replace_if(
      problem.begin(), problem.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return problem;
}

class ShareGptRows : public TraceRows {
 public:
  explicit ShareGptRows(const std::string& file) {
    std::ifstream stream = open_text_file(file);
    const auto take = [&](int depth, Json::parse_event_t event, Json& value) {
      using Event = Json::parse_event_t;
      if (depth == 0 && event != Event::array_start && event != Event::array_end) {
        throw InputError(file + ": is no array: expected an array of conversations");
      }
      const std::string item = "[" + std::to_string(lengths_.size() + skipped_) + "]";
      if (depth > kDeepestNesting) {
        throw InputError(file + ": " + item + ": nested deeper than " +
                         std::to_string(kDeepestNesting) + " levels");
      }
      const bool finished =
          event == Event::object_end || event == Event::array_end || event == Event::value;
      if (depth != 1 || !finished) {
        return true;
      }
      add(JsonReader(value, file, item));
      return false;  // the parser forgets the conversation
    };
    try {
      const Json emptied = Json::parse(stream, take);
    } catch (const Json::exception& error) {
      throw InputError(file + ": " + problem_of(error));
    }
  }

  bool next(TraceRow& row) override {
    if (given_ == lengths_.size()) {
      return false;
    }
    const Lengths& lengths = lengths_[given_++];
    row = {.prompt_tokens = lengths.prompt_tokens, .output_tokens = lengths.output_tokens};
    return true;
  }

  TraceNotes notes() const override {
    return {.has_arrival_times = false,
            .has_token_counts = false,
            .skipped_rows = static_cast<std::int64_t>(skipped_)};
  }

 private:
  void add(const JsonReader& conversation) {
    if (const std::optional<Lengths> lengths = lengths_of(conversation)) {
      lengths_.push_back(*lengths);
    } else {
      ++skipped_;
    }
  }

  std::vector<Lengths> lengths_;
  std::size_t given_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<TraceRows> open_sharegpt_trace(const std::string& file) {
  return std::make_unique<ShareGptRows>(file);
}

}  // namespace hexgen
