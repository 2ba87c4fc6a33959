#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "profiles/errors.h"
#include "profiles/json_reader.h"

namespace hexgen {

namespace {

using nlohmann::json;

constexpr int kDeepestNesting = 64;

/// Follows the parser through the document, since the finished value no longer shows a key that
/// stood there twice.
class StructureCheck {
 public:
  explicit StructureCheck(const std::string& file)
      : file_(file) {}

  void see(int depth, json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (depth >= kDeepestNesting) {
          throw InputError(place() + "nested deeper than " + std::to_string(kDeepestNesting) +
                           " levels");
        }
        open_.push_back({event == json::parse_event_t::array_start, 0, "", {}});
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        open_.pop_back();
        end_value();
        break;
      case json::parse_event_t::key:
        see_key(parsed.get<std::string>());
        break;
      case json::parse_event_t::value:
        end_value();
        break;
    }
  }

  /// "file: path: " of the value that is being read.
  std::string place() const {
    std::string path;
    for (const Level& level : open_) {
      if (level.array) {
        path += "[" + std::to_string(level.items) + "]";
      } else if (!level.key.empty()) {
        path += (path.empty() ? "" : ".") + level.key;
      }
    }
    return file_ + ": " + (path.empty() ? "" : path + ": ");
  }

 private:
  struct Level {
    bool array = false;
    std::size_t items = 0;
    std::string key;
    std::set<std::string> keys;
  };

  void end_value() {
    if (!open_.empty()) {
      ++open_.back().items;
      open_.back().key.clear();
    }
  }

  void see_key(const std::string& key) {
    const std::string shown = json(key).dump(-1, ' ', true, json::error_handler_t::replace);
    if (!open_.back().keys.insert(key).second) {
      throw InputError(place() + "key " + shown + " appears twice");
    }
    open_.back().key = shown.substr(1, shown.size() - 2);
  }

  const std::string& file_;
  std::vector<Level> open_;
};

/// "line 3, column 14" of the byte with this number, counted from 1.
std::string line_and_column(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 = 0: the first line
  return "line " + std::to_string(line) + ", column " +
         std::to_string(before.size() - line_begin + 1);
}

/// What the parser says after "syntax error ...", in printable characters.
std::string syntax_problem(const std::string& message) {
  const std::string lead = "syntax error";
  const std::size_t begin = message.find(lead);
  std::string problem = begin == std::string::npos ? lead : message.substr(begin);
  std::replace_if(
      problem.begin(), problem.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return problem;
}

}  // namespace

JsonDocument::JsonDocument(std::unique_ptr<json> value, std::string file)
    : value_(std::move(value)),
      file_(std::move(file)) {}

JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonReader JsonDocument::root() const {
  return {*value_, file_};
}

JsonDocument JsonDocument::parse(std::string_view text, std::string file) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw InputError(file + ": is empty, expected a JSON document");
  }
  StructureCheck check(file);
  const auto callback = [&check](int depth, json::parse_event_t event, const json& parsed) {
    check.see(depth, event, parsed);
    return true;
  };
  try {
    auto value = std::make_unique<json>(json::parse(text.begin(), text.end(), callback));
    return {std::move(value), std::move(file)};
  } catch (const json::parse_error& error) {
    throw InputError(file + ": " + line_and_column(text, error.byte) + ": " +
                     syntax_problem(error.what()));
  } catch (const json::out_of_range& error) {
    const std::string what = error.what();  // ends in the number as it stands in the file
    throw InputError(check.place() + what.substr(what.rfind('\'', what.size() - 2)) +
                     " is too large a number");
  }
}

}  // namespace hexgen
