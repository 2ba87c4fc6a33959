#include "runner/tokenizer/utf8.h"

#include <doctest/doctest.h>

using hexgen::tokenizer::is_utf8;
using hexgen::tokenizer::repair_utf8;

TEST_CASE("the smallest and largest characters of each length are valid") {
  for (const char* text : {"\x7F",
                           "\xC2\x80",
                           "\xDF\xBF",
                           "\xE0\xA0\x80",
                           "\xED\x9F\xBF",
                           "\xEE\x80\x80",
                           "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    CHECK(is_utf8(text));
    CHECK(repair_utf8(text) == text);
  }
  CHECK(is_utf8(""));
}

TEST_CASE("overlong forms, surrogates, values above U+10FFFF and lone bytes are not valid") {
  for (const char* text : {"\x80",
                           "\xBF",
                           "\xC0\x80",
                           "\xC1\xBF",
                           "\xE0\x9F\xBF",
                           "\xED\xA0\x80",
                           "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80",
                           "\xFF",
                           "a\xC3",
                           "\xE2\x82",
                           "\xF0\x9F\x98"}) {
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("each maximal part of a character becomes one replacement character") {
  // Unicode 15, tables 3-8 to 3-11, each with "A" in the same places; "?" stands for U+FFFD here.
  const auto shown = [](const char* bytes) {
    std::string text = repair_utf8(bytes);
    for (std::size_t at = 0; (at = text.find("\xEF\xBF\xBD")) != std::string::npos;) {
      text.replace(at, 3, "?");
    }
    return text;
  };
  CHECK(shown("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == "????????A");
  CHECK(shown("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == "????????A");
  CHECK(shown("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == "?????A??B");
  CHECK(shown("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "????A");
}
