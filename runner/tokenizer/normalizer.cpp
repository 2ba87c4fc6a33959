#include "runner/tokenizer/normalizer.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "runner/tokenizer/regex.h"
#include "runner/tokenizer/steps.h"

namespace hexgen::tokenizer {

namespace {

using Step = Normalizer::Step;

Step read_prepend(const JsonReader& json) {
  json.allow_only({"type", "prepend"});
  return [prefix = json.at("prepend").string()](std::string text) {
    return text.empty() ? text : prefix + text;
  };
}

Step read_replace(const JsonReader& json) {
  json.allow_only({"type", "pattern", "content"});
  return [pattern = read_pattern(json.at("pattern")), content = read_text(json.at("content"))](
             const std::string& text) { return pattern.replace(text, content); };
}

Step read_strip(const JsonReader& json) {
  json.allow_only({"type", "strip_left", "strip_right"});
  const bool left = json.at("strip_left").boolean();
  const bool right = json.at("strip_right").boolean();
  const std::string pattern = left && right ? R"(\A\s+|\s+\z)"
                              : left        ? R"(\A\s+)"
                              : right       ? R"(\s+\z)"
                                            : "(*FAIL)";
  return [regex = Regex(pattern)](const std::string& text) { return regex.replace(text, ""); };
}

template <int options>
std::string normal_form(const std::string& text) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped,
                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  if (length < 0) {
    throw std::runtime_error(std::string("Unicode normal form: ") + utf8proc_errmsg(length));
  }
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

template <int options>
Step read_normal_form(const JsonReader& json) {
  json.allow_only({"type"});
  return normal_form<options>;
}

}  // namespace

Normalizer::Normalizer(const JsonReader& json) {
  static const StepReaders<Step> readers = {
      {"NFC", read_normal_form<UTF8PROC_COMPOSE>},
      {"NFD", read_normal_form<UTF8PROC_DECOMPOSE>},
      {"NFKC", read_normal_form<UTF8PROC_COMPOSE | UTF8PROC_COMPAT>},
      {"NFKD", read_normal_form<UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT>},
      {"Prepend", read_prepend},
      {"Replace", read_replace},
      {"Strip", read_strip},
  };
  read_steps(json, "normalizers", readers, steps_);
}

std::string Normalizer::apply(std::string text) const {
  for (const Step& step : steps_) {
    text = step(std::move(text));
  }
  return text;
}

}  // namespace hexgen::tokenizer
