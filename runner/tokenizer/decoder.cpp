#include "runner/tokenizer/decoder.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "runner/tokenizer/byte_alphabet.h"
#include "runner/tokenizer/regex.h"
#include "runner/tokenizer/steps.h"
#include "runner/tokenizer/utf8.h"

namespace hexgen::tokenizer {

namespace {

using Step = Decoder::Step;
using Pieces = std::vector<std::string>;

std::string concatenated(const Pieces& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::string());
}

Step read_byte_level(const JsonReader& json) {
  json.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  return [](const Pieces& tokens) {
    std::string bytes;
    for (const std::string& token : tokens) {
      bytes += from_byte_alphabet(token).value_or(token);  // added tokens are plain text
    }
    return Pieces{repair_utf8(bytes)};
  };
}

Step read_replace(const JsonReader& json) {
  json.allow_only({"type", "pattern", "content"});
  return [pattern = read_pattern(json.at("pattern")),
          content = read_text(json.at("content"))](Pieces tokens) {
    for (std::string& token : tokens) {
      token = pattern.replace(token, content);
    }
    return tokens;
  };
}

/// The byte that "<0x0A>" stands for.
std::optional<char> byte_of(const std::string& token) {
  if (token.size() != 6 || token.compare(0, 3, "<0x") != 0 || token[5] != '>') {
    return std::nullopt;
  }
  unsigned value = 0;
  const char* end = token.data() + 5;
  const auto [stop, error] = std::from_chars(token.data() + 3, end, value, 16);
  return error == std::errc() && stop == end ? std::optional(static_cast<char>(value))
                                             : std::nullopt;
}

/// Text of neighbouring byte tokens; when they make no text, one U+FFFD for each.
std::string text_of_bytes(const std::string& bytes) {
  if (is_utf8(bytes)) {
    return bytes;
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += kReplacementCharacter;
  }
  return text;
}

Pieces join_byte_tokens(const Pieces& tokens) {
  Pieces joined;
  std::string bytes;
  const auto flush = [&] {
    if (!bytes.empty()) {
      joined.push_back(text_of_bytes(bytes));
      bytes.clear();
    }
  };
  for (const std::string& token : tokens) {
    if (const auto byte = byte_of(token)) {
      bytes += *byte;
    } else {
      flush();
      joined.push_back(token);
    }
  }
  flush();
  return joined;
}

Step read_byte_fallback(const JsonReader& json) {
  json.allow_only({"type"});
  return join_byte_tokens;
}

Step read_fuse(const JsonReader& json) {
  json.allow_only({"type"});
  return [](const Pieces& tokens) { return Pieces{concatenated(tokens)}; };
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Step read_strip(const JsonReader& json) {
  json.allow_only({"type", "content", "start", "stop"});
  constexpr int kMost = 1 << 20;
  return [content = read_character(json.at("content")),
          start = json.at("start").small_integer(0, kMost),
          stop = json.at("stop").small_integer(0, kMost)](Pieces tokens) {
    for (std::string& token : tokens) {
      for (int i = 0; i < start && token.rfind(content, 0) == 0; ++i) {
        token.erase(0, content.size());
      }
      for (int i = 0; i < stop && ends_with(token, content); ++i) {
        token.erase(token.size() - content.size());
      }
    }
    return tokens;
  };
}

Step read_metaspace(const JsonReader& json) {
  json.allow_only(
      {"type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"});
  const Regex mark(read_character(json.at("replacement")), Regex::Kind::kLiteral);
  const bool prepended = read_prepend_scheme(json) != PrependScheme::kNever;
  return [mark, prepended](Pieces tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = mark.replace(tokens[i], i == 0 && prepended ? "" : " ");
    }
    return tokens;
  };
}

}  // namespace

Decoder::Decoder(const JsonReader& json) {
  static const StepReaders<Step> readers = {
      {"ByteFallback", read_byte_fallback},
      {"ByteLevel", read_byte_level},
      {"Fuse", read_fuse},
      {"Metaspace", read_metaspace},
      {"Replace", read_replace},
      {"Strip", read_strip},
  };
  read_steps(json, "decoders", readers, steps_);
  if (json.is_null()) {
    steps_.push_back([](Pieces tokens) {
      for (std::size_t i = 1; i < tokens.size(); ++i) {
        tokens[i].insert(0, 1, ' ');
      }
      return tokens;
    });
  }
}

std::string Decoder::apply(Pieces tokens) const {
  for (const Step& step : steps_) {
    tokens = step(std::move(tokens));
  }
  return concatenated(tokens);
}

}  // namespace hexgen::tokenizer
