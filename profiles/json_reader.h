#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hexgen {

/// A value of a JSON document together with its place, so that every error can name file, path,
/// value and expectation: `cluster.json: nodes[2].gpus: 9 is more than 8`. Cheap to copy; the
/// JsonDocument must outlive it. All functions throw InputError when the value is not as asked.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& value, std::string file, std::string path = {});

  // Objects.
  bool has(const std::string& key) const;
  JsonReader at(const std::string& key) const;  // refuses a missing key
  std::optional<JsonReader> find(const std::string& key) const;
  std::vector<std::pair<std::string, JsonReader>> members() const;

  /// Refuses members other than these, naming the nearest known key.
  void allow_only(const std::vector<std::string>& keys) const;

  /// The same for files that people write: besides `keys`, any object may have "notes" (text) and
  /// "assumed", a list of those of its keys whose values come from no source or measurement.
  void allow_only_noted(std::vector<std::string> keys) const;

  /// Refuses documents whose "format" is not `format`, e.g. "hexgen.cluster/1".
  void expect_format(const std::string& format) const;

  // Arrays.
  std::vector<JsonReader> items() const;

  // Scalars. Bounds are inclusive.
  std::string string() const;  // not empty
  bool boolean() const;
  double number(double min, double max) const;
  double positive_number(double max = 1e300) const;                // above 0
  std::int64_t integer(std::int64_t min, std::int64_t max) const;  // bounds within +-2^53
  int small_integer(int min, int max) const;

  /// The position of the string in `choices`; refuses others.
  std::size_t one_of(const std::vector<std::string>& choices) const;

  bool is_null() const;
  bool is_string() const;
  bool is_object() const;

  /// `file: path: problem`
  [[noreturn]] void fail(const std::string& problem) const;

  /// The value as it would stand in a file, shortened to fit in a message.
  std::string shown() const;

  const nlohmann::json& value() const { return *value_; }

  const std::string& file() const { return file_; }

 private:
  void expect_object() const;

  const nlohmann::json* value_;
  std::string file_;
  std::string path_;
};

/// A parsed document. Refuses, with line and column, what is not JSON in UTF-8 from the first to
/// the last byte, and, with the path, keys that appear twice in one object and nesting deeper
/// than 64.
class JsonDocument {
 public:
  /// `file` is what errors call the document.
  static JsonDocument parse(std::string_view text, std::string file);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonReader root() const;

 private:
  JsonDocument(std::unique_ptr<nlohmann::json> value, std::string file);

  std::unique_ptr<nlohmann::json> value_;
  std::string file_;
};

}  // namespace hexgen
