#include "profiles/trace_json_lines.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "profiles/names.h"
#include "profiles/trace_lines.h"
#include "profiles/trace_values.h"

namespace hexgen {

namespace {

using Json = nlohmann::json;

/// Keeps the text of some members of one object, and nothing of the rest: a row may carry
/// thousands of token or block ids.
class MemberTexts : public nlohmann::json_sax<Json> {
 public:
  explicit MemberTexts(std::vector<std::string> keys)
      : keys_(std::move(keys)),
        texts_(keys_.size()) {}

  /// False when `line` is not one JSON object; error_column() then says where.
  bool parse(std::string_view line) {
    std::fill(texts_.begin(), texts_.end(), std::nullopt);
    depth_ = 0;
    wanted_ = nullptr;
    error_column_ = 1;
    return Json::sax_parse(line.begin(), line.end(), this);
  }

  /// Text of the member keys[index]; nothing when the object has none.
  const std::optional<std::string>& text(std::size_t index) const { return texts_[index]; }

  std::size_t error_column() const { return error_column_; }

  bool null() override { return keep("null"); }

  bool boolean(bool value) override { return keep(value ? "true" : "false"); }

  bool number_integer(number_integer_t value) override { return keep_number(value); }

  bool number_unsigned(number_unsigned_t value) override { return keep_number(value); }

  bool number_float(number_float_t, const string_t& text) override { return keep(text); }

  bool string(string_t& value) override { return keep(value); }

  bool binary(binary_t&) override { return false; }  // not in JSON text

  bool start_object(std::size_t) override {
    const bool taken = depth_ == 0 || keep("{...}");
    ++depth_;
    return taken;
  }

  bool start_array(std::size_t) override {
    const bool taken = keep("[...]");
    ++depth_;
    return taken;
  }

  bool end_object() override {
    --depth_;
    return true;
  }

  bool end_array() override {
    --depth_;
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      const auto found = std::find(keys_.begin(), keys_.end(), name);
      wanted_ = found == keys_.end() ? nullptr : &texts_[found - keys_.begin()];
    }
    return true;
  }

  bool parse_error(std::size_t position,
                   const std::string& /*last_token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    error_column_ = std::max<std::size_t>(position, 1);
    return false;
  }

 private:
  /// Takes the value behind a wanted key; false, which ends the parse, outside of any object.
  bool keep(std::string_view text) {
    if (is_wanted()) {
      *std::exchange(wanted_, nullptr) = text;
    }
    return depth_ > 0;
  }

  /// Most numbers are block ids that nobody wants as text.
  template <typename Number>
  bool keep_number(Number value) {
    return keep(is_wanted() ? std::to_string(value) : std::string());
  }

  bool is_wanted() const { return depth_ == 1 && wanted_ != nullptr; }

  std::vector<std::string> keys_;
  std::vector<std::optional<std::string>> texts_;
  int depth_ = 0;
  std::optional<std::string>* wanted_ = nullptr;
  std::size_t error_column_ = 1;
};

std::vector<std::string> keys_of(const JsonLinesFormat& format) {
  std::vector<std::string> keys = {format.prompt_tokens, format.output_tokens};
  for (const TimeKey& time : format.times) {
    keys.push_back(time.key);
  }
  return keys;
}

class JsonLinesRows : public TraceRows {
 public:
  JsonLinesRows(const std::string& file, JsonLinesFormat format)
      : lines_(file),
        format_(std::move(format)),
        keys_(keys_of(format_)),
        members_(keys_) {}

  bool next(TraceRow& row) override {
    std::string_view line;
    do {
      if (!lines_.next(line)) {
        return false;
      }
    } while (trimmed(line).empty());
    if (!members_.parse(line)) {
      const std::string field = "column " + std::to_string(members_.error_column());
      place(field).refuse(line, "one JSON object a line");
    }
    row.line = lines_.line_number();
    row.prompt_tokens = expect_tokens(member(kPrompt), 1, place(format_.prompt_tokens));
    row.output_tokens = expect_tokens(member(kOutput), 1, place(format_.output_tokens));
    row.arrival_ns = arrival_ns();
    return true;
  }

  TraceNotes notes() const override { return {}; }

 private:
  // Positions in keys_.
  static constexpr std::size_t kPrompt = 0;
  static constexpr std::size_t kOutput = 1;
  static constexpr std::size_t kFirstTime = 2;

  std::int64_t arrival_ns() {
    if (!time_) {
      time_ = choose_time();
    }
    const TimeKey& time = format_.times[*time_];
    return expect_time_ns(member(kFirstTime + *time_), time.unit, place(time.key));
  }

  /// One clock for all rows: the first that this row has.
  std::size_t choose_time() const {
    for (std::size_t i = 0; i < format_.times.size(); ++i) {
      if (members_.text(kFirstTime + i)) {
        return i;
      }
    }
    return format_.times.size() - 1;  // missing; reading it says so
  }

  const std::string& member(std::size_t index) const {
    const std::optional<std::string>& text = members_.text(index);
    if (!text) {
      place(keys_[index]).fail("missing: expected this key in every object");
    }
    return *text;
  }

  TracePlace place(std::string_view field) const {
    return {lines_.file(), lines_.line_number(), field};
  }

  LineReader lines_;
  JsonLinesFormat format_;
  std::vector<std::string> keys_;
  MemberTexts members_;
  std::optional<std::size_t> time_;  // index into format_.times
};

}  // namespace

std::unique_ptr<TraceRows> open_json_lines_trace(const std::string& file,
                                                 const JsonLinesFormat& format) {
  return std::make_unique<JsonLinesRows>(file, format);
}

}  // namespace hexgen
