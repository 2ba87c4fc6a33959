#include "profiles/json_reader.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::InputError;
using hexgen::JsonDocument;

namespace {

JsonDocument parse(const std::string& text) {
  return JsonDocument::parse(text, "f.json");
}

}  // namespace

TEST_CASE("values are read with their types") {
  const JsonDocument document = parse(R"({"a": [1, 2.5, "x", true, null], "b": {}})");
  const auto items = document.root().at("a").items();
  CHECK(items[0].integer(0, 9) == 1);
  CHECK(items[1].number(0, 9) == 2.5);
  CHECK(items[2].string() == "x");
  CHECK(items[3].boolean());
  CHECK(items[4].is_null());
  CHECK(document.root().at("b").members().empty());
  CHECK_FALSE(document.root().find("c").has_value());
}

TEST_CASE("a whole number may be written with a fraction or exponent") {
  CHECK(parse(R"([8.0])").root().items()[0].integer(1, 8) == 8);
  CHECK(parse(R"([1e3])").root().items()[0].integer(1, 1000) == 1000);
}

TEST_CASE("bounds belong to the range") {
  const JsonDocument document = parse("[8]");
  const auto value = document.root().items()[0];
  CHECK(value.integer(8, 8) == 8);
  CHECK(value.number(8, 8) == 8);
  CHECK(value.positive_number(8) == 8);
  CHECK_THROWS_WITH_AS(value.integer(9, 10), "f.json: [0]: 8 is less than 9", InputError);
  CHECK_THROWS_WITH_AS(value.number(0, 7.5), "f.json: [0]: 8 is more than 7.5", InputError);
}

TEST_CASE("integers that no bounds can allow are refused") {
  const auto refuse = [](const std::string& number) {
    const JsonDocument document = parse("[" + number + "]");
    CHECK_THROWS_AS(document.root().items()[0].integer(0, std::int64_t{1} << 53), InputError);
  };
  refuse("9007199254740994");
  refuse("9223372036854775808");
  refuse("18446744073709551615");
  refuse("1e19");
  refuse("1e300");
}

TEST_CASE("errors name the path through objects and arrays") {
  const JsonDocument document = parse(R"({"nodes": [{}, {"links": [{"gpus": 9}]}]})");
  const auto gpus = document.root().at("nodes").items()[1].at("links").items()[0].at("gpus");
  CHECK_THROWS_WITH_AS(
      gpus.integer(1, 8), "f.json: nodes[1].links[0].gpus: 9 is more than 8", InputError);
}

TEST_CASE("a long value is shortened in the message") {
  const JsonDocument document = parse("[\"" + std::string(1000, 'x') + "\"]");
  CHECK(document.root().items()[0].shown() == "\"" + std::string(56, 'x') + "...");
}

TEST_CASE("keys with strange characters keep the message in one line") {
  CHECK_THROWS_WITH_AS(parse("{\"a\\nb\": 1}").root().allow_only({"gpus"}),
                       "f.json: a\\nb: unknown key, expected one of gpus",
                       InputError);
}

TEST_CASE("the same key may stand in different objects") {
  CHECK(parse(R"([{"a": {"a": 1}}, {"a": 2}])").root().items().size() == 2);
}

TEST_CASE("a key that appears twice is refused wherever it stands") {
  CHECK_THROWS_WITH_AS(parse(R"({"a": 1, "a": 1})"), "f.json: key \"a\" appears twice", InputError);
  CHECK_THROWS_WITH_AS(parse(R"({"x": [0, {"a": {"k": 1, "b": [], "k": 2}}]})"),
                       "f.json: x[1].a: key \"k\" appears twice",
                       InputError);
}

TEST_CASE("a syntax error is refused by line and column") {
  const auto starts = [](const std::string& text, const std::string& start) {
    try {
      parse(text);
      FAIL("accepted: " << text);
    } catch (const InputError& error) {
      CHECK(std::string(error.what()).substr(0, start.size()) == start);
    }
  };
  starts("{\n \"a\": 1,\n}", "f.json: line 3, column 1: syntax error");
  starts("[1, 2", "f.json: line 1, column 6: syntax error");
  starts("[1] [2]", "f.json: line 1, column 5: syntax error");
  starts("{'a': 1}", "f.json: line 1, column 2: syntax error");
  starts("[Infinity]", "f.json: line 1, column 2: syntax error");
  starts("[01]", "f.json: line 1, column 3: syntax error");
}

TEST_CASE("a document of 64 levels is read and one of 65 is refused") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_NOTHROW(parse(nested(64)));
  CHECK_THROWS_AS(parse(nested(65)), InputError);
  CHECK_THROWS_AS(parse(std::string(1'000'000, '[')), InputError);
}
