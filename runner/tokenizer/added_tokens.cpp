#include "runner/tokenizer/added_tokens.h"

#include <algorithm>

#include "runner/tokenizer/bpe_model.h"
#include "runner/tokenizer/regex.h"
#include "runner/tokenizer/steps.h"
#include "runner/tokenizer/utf8.h"

namespace hexgen::tokenizer {

namespace {

std::string_view first_character(std::string_view text) {
  return text.empty() ? text : text.substr(0, utf8_part(text, 0).length);
}

std::string_view last_character(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && (static_cast<unsigned char>(text[--begin]) & 0xC0) == 0x80) {
  }
  return text.substr(begin);
}

bool is_space(std::string_view character) {
  static const Regex space("\\s");
  return !character.empty() && space.spans(character).front().matched;
}

bool is_word_character(std::string_view character) {
  // Unicode's definition of \w (UTS 18, annex C); PCRE2's own leaves marks out.
  static const Regex word(R"([\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}])");
  return !character.empty() && word.spans(character).front().matched;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return !is_word_character(last_character(text.substr(0, begin))) &&
         !is_word_character(first_character(text.substr(end)));
}

/// Takes in the white space that the token strips, but nothing before `min_begin`.
Segment widened(std::string_view text,
                Segment segment,
                const AddedToken& token,
                std::size_t min_begin) {
  while (token.left_strip && segment.begin > min_begin) {
    const std::string_view before = last_character(text.substr(0, segment.begin));
    if (!is_space(before)) {
      break;
    }
    segment.begin -= before.size();
  }
  while (token.right_strip && segment.end < text.size()) {
    const std::string_view behind = first_character(text.substr(segment.end));
    if (!is_space(behind)) {
      break;
    }
    segment.end += behind.size();
  }
  return segment;
}

}  // namespace

AddedToken read_added_token(const JsonReader& json) {
  json.allow_only({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  return {.id = json.at("id").small_integer(0, kMaxTokenId),
          .content = json.at("content").string(),
          .special = json.at("special").boolean(),
          .normalized = json.at("normalized").boolean(),
          .single_word = json.at("single_word").boolean(),
          .left_strip = json.at("lstrip").boolean(),
          .right_strip = json.at("rstrip").boolean()};
}

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens) {
  for (const AddedToken& token : tokens) {
    by_first_byte_[static_cast<unsigned char>(token.content.at(0))].push_back(token);
  }
  for (auto& bucket : by_first_byte_) {
    std::stable_sort(bucket.begin(), bucket.end(), [](const AddedToken& a, const AddedToken& b) {
      return a.content.size() > b.content.size();
    });
  }
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t at) const {
  const auto& bucket = by_first_byte_[static_cast<unsigned char>(text[at])];
  const auto found = std::find_if(bucket.begin(), bucket.end(), [&](const AddedToken& token) {
    return text.substr(at, token.content.size()) == token.content;
  });
  return found == bucket.end() ? nullptr : &*found;
}

std::vector<Segment> AddedTokenFinder::split(std::string_view text) const {
  std::vector<Segment> segments;
  std::size_t done = 0;  // everything before it is in a segment
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    const std::size_t end = at + token->content.size();
    if (!token->single_word || stands_alone(text, at, end)) {
      const Segment found = widened(text, {at, end, token->id}, *token, done);
      if (found.begin > done) {
        segments.push_back({done, found.begin, std::nullopt});
      }
      segments.push_back(found);
      done = found.end;
    }
    at = std::max(end, done);
  }
  if (done < text.size()) {
    segments.push_back({done, text.size(), std::nullopt});
  }
  return segments;
}

}  // namespace hexgen::tokenizer
