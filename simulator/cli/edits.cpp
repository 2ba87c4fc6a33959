#include "simulator/cli/edits.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "profiles/errors.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

using nlohmann::json;

json value_of(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

/// The names by which --set may call an element of an array.
std::vector<std::string> names_of(const json& element) {
  if (!element.is_object()) {
    return {};
  }
  if (element.contains("name") && element["name"].is_string()) {
    return {element["name"].get<std::string>()};
  }
  const auto between = element.find("between");
  const bool link = between != element.end() && between->is_array() && between->size() == 2 &&
                    between->at(0).is_string() && between->at(1).is_string();
  if (!link) {
    return {};
  }
  const auto a = between->at(0).get<std::string>();
  const auto b = between->at(1).get<std::string>();
  return {a + "-" + b, b + "-" + a};
}

/// Follows one path into a document.
class Walk {
 public:
  Walk(const std::string& edit, const std::string& root, std::string_view path, json& document)
      : edit_(edit),
        done_(root),
        rest_(path),
        here_(&document) {}

  /// The value that the path leads to.
  json& target() {
    while (!rest_.empty()) {
      if (rest_.front() == '[') {
        enter_position();
      } else if (here_->is_array()) {
        enter_named(rest_.substr(1));
      } else {
        enter_key(rest_.substr(1));
      }
    }
    return *here_;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError("--set " + edit_ + ": " + problem);
  }

  void enter(json& next, std::size_t length) {
    done_ += rest_.substr(0, length);
    rest_.remove_prefix(length);
    here_ = &next;
  }

  void enter_position() {
    const auto close = rest_.find(']');
    std::size_t position = 0;
    const char* begin = rest_.data() + 1;
    const char* end = rest_.data() + std::min(close, rest_.size());
    const auto parsed = std::from_chars(begin, end, position);
    if (close == std::string_view::npos || parsed.ec != std::errc{} || parsed.ptr != end) {
      fail("expected a position such as [0] after " + done_);
    }
    if (!here_->is_array()) {
      fail(done_ + " is no array");
    }
    if (position >= here_->size()) {
      fail(done_ + " has " + std::to_string(here_->size()) + " elements, counted from [0]");
    }
    enter((*here_)[position], close + 1);
  }

  /// The element with the longest name that the rest starts with: names may hold dots.
  void enter_named(std::string_view rest) {
    json* found = nullptr;
    std::size_t length = 0;
    std::vector<std::string> known;
    for (json& element : *here_) {
      for (const std::string& name : names_of(element)) {
        known.push_back(name);
        const bool ends =
            rest.size() == name.size() ||
            (rest.size() > name.size() && (rest[name.size()] == '.' || rest[name.size()] == '['));
        if (rest.substr(0, name.size()) == name && ends && name.size() > length) {
          found = &element;
          length = name.size();
        }
      }
    }
    if (found == nullptr) {
      refuse(first_part(rest), known);
    }
    enter(*found, length + 1);
  }

  void enter_key(std::string_view rest) {
    const std::string key(first_part(rest));
    if (!here_->is_object()) {
      fail(done_ + " is neither object nor array");
    }
    const bool last = key.size() == rest.size();
    if (key.empty() || (!last && !here_->contains(key))) {
      std::vector<std::string> known;
      for (const auto& [name, value] : here_->items()) {
        known.push_back(name);
      }
      refuse(key, known);
    }
    enter((*here_)[key], key.size() + 1);
  }

  static std::string_view first_part(std::string_view rest) {
    return rest.substr(0, rest.find_first_of(".["));
  }

  [[noreturn]] void refuse(std::string_view name, const std::vector<std::string>& known) const {
    fail("'" + std::string(name) + "' is not in " + done_ +
         (known.empty() ? "" : ", " + advice(name, known)));
  }

  const std::string& edit_;
  std::string done_;
  std::string_view rest_;
  json* here_;
};

}  // namespace

Edits::Edits(const std::vector<std::string>& texts, const std::vector<std::string>& roots) {
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError("--set " + text + ": expected PATH=VALUE");
    }
    const std::string path = text.substr(0, equals);
    const auto end = std::min(path.find_first_of(".["), path.size());
    Edit edit = {.text = text,
                 .root = path.substr(0, end),
                 .path = path.substr(end),
                 .value = text.substr(equals + 1)};
    if (std::find(roots.begin(), roots.end(), edit.root) == roots.end()) {
      throw InputError("--set " + text + ": '" + edit.root + "' is not known, " +
                       advice(edit.root, roots));
    }
    if (edit.path.empty()) {
      throw InputError("--set " + text + ": expected a path below " + edit.root);
    }
    edits_.push_back(std::move(edit));
  }
}

bool Edits::any_of(const std::string& root) const {
  return std::any_of(
      edits_.begin(), edits_.end(), [&](const Edit& edit) { return edit.root == root; });
}

void Edits::apply(const std::string& root, json& document) const {
  for (const Edit& edit : edits_) {
    if (edit.root == root) {
      Walk(edit.text, root, edit.path, document).target() = value_of(edit.value);
    }
  }
}

}  // namespace hexgen
