#include "runner/weights/safetensors_header.h"

#include <doctest/doctest.h>

#include <random>

#include "profiles/errors.h"
#include "profiles/file.h"

using hexgen::InputError;
using hexgen::parse_safetensors_header;
using hexgen::safetensors_header_bytes;
using hexgen::SafetensorsEntries;

namespace {

std::string error_of(const std::string& header, std::uint64_t data_bytes) {
  try {
    parse_safetensors_header(header, data_bytes, "m.safetensors");
  } catch (const InputError& error) {
    return error.what();
  }
  return "(accepted)";
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype": ")" + dtype + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets +
         "}";
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"a": )" + tensor(dtype, shape, offsets) + "}";
}

}  // namespace

TEST_CASE("a header gives the tensors with dtype, shape and place") {
  const std::string header = R"({"__metadata__": {"format": "pt", "empty": ""}, "b": )" +
                             tensor("BF16", "[2, 3]", "[4, 16]") + R"(, "a": )" +
                             tensor("F32", "[]", "[0, 4]") + R"(, "none": )" +
                             tensor("F16", "[0, 7]", "[16, 16]") + "}   ";
  const SafetensorsEntries entries = parse_safetensors_header(header, 16, "m.safetensors");
  REQUIRE(entries.size() == 3);
  CHECK(entries.at("b").dtype == "BF16");
  CHECK(entries.at("b").shape == std::vector<std::int64_t>{2, 3});
  CHECK(entries.at("b").begin == 4);
  CHECK(entries.at("b").end == 16);
  CHECK(entries.at("a").shape.empty());
  CHECK(entries.at("none").begin == 16);
}

TEST_CASE("every broken header is refused with file, tensor and expectation") {
  struct Broken {
    std::string header;
    std::uint64_t data_bytes;
    std::string error;
  };

  const Broken all[] = {
      {"", 0, "m.safetensors: the header does not begin with '{'"},
      {" {}", 0, "m.safetensors: the header does not begin with '{'"},
      {"{}\n", 0, "m.safetensors: the header does not end with '}' and spaces"},
      {"{} x", 0, "m.safetensors: the header does not end with '}' and spaces"},
      {"{}", 3, "m.safetensors: the last 3 bytes belong to no tensor"},
      {one("F32", "[2]", "[0, 8]"), 9, "m.safetensors: the last 1 bytes belong to no tensor"},
      {one("F32", "[2]", "[0, 8]"),
       7,
       "m.safetensors: a.data_offsets: [0,8] is not inside the 7 bytes of data"},
      {one("F32", "[2]", "[4, 0]"),
       8,
       "m.safetensors: a.data_offsets: [4,0] is not inside the 8 bytes of data"},
      {one("F32", "[2]", "[0, 4]"),
       4,
       "m.safetensors: a.data_offsets: [0,4] spans 4 bytes, dtype and shape make 8"},
      {one("F32", "[2]", "[0]"),
       8,
       "m.safetensors: a.data_offsets: 1 offsets, expected begin and end"},
      {one("F32", "[-1]", "[0, 4]"), 4, "m.safetensors: a.shape[0]: -1 is less than 0"},
      {one("F32", "[1.5]", "[0, 6]"), 6, "m.safetensors: a.shape[0]: 1.5 is not a whole number"},
      {one("F32", "[4294967296, 4294967296]", "[0, 0]"),
       0,
       "m.safetensors: a.shape: [4294967296,4294967296] is too large"},
      {R"({"a": )" + tensor("U8", "[4]", "[0, 4]") + R"(, "b": )" + tensor("U8", "[4]", "[5, 9]") +
           "}",
       9,
       "m.safetensors: b.data_offsets: begins at 5, expected 4, where the data before it end"},
      {R"({"a": )" + tensor("U8", "[4]", "[0, 4]") + R"(, "b": )" + tensor("U8", "[4]", "[3, 7]") +
           "}",
       7,
       "m.safetensors: b.data_offsets: begins at 3, expected 4, where the data before it end"},
      {R"({"__metadata__": {"a": 1}})", 0, "m.safetensors: __metadata__.a: 1 is not a string"},
  };
  for (const Broken& broken : all) {
    CAPTURE(broken.header);
    CHECK(error_of(broken.header, broken.data_bytes) == broken.error);
  }
  CHECK(error_of(one("F4", "[2]", "[0, 1]"), 1).find("m.safetensors: a.dtype: \"F4\"") == 0);
  CHECK(error_of(R"({"a": {"dtype": "F32", "shape": []}})", 0).find("data_offsets") !=
        std::string::npos);
  CHECK(error_of(R"({"a": {}, "a": {}})", 0).find("a") != std::string::npos);  // a key twice
  CHECK(error_of(R"({"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4], "x": 1}})", 4)
            .find("x: unknown key") != std::string::npos);
}

TEST_CASE("a tensor's name cannot break the line of an error") {
  CHECK(
      error_of(R"({"a\nb": )" + tensor("U8", "[4]", "[1, 5]") + "}", 5) ==
      R"(m.safetensors: a\nb.data_offsets: begins at 1, expected 0, where the data before it end)");
  CHECK(error_of(R"({"a\nb": )" + tensor("U8", "[4]", "[0, 5]") + "}", 5) ==
        R"(m.safetensors: a\nb.data_offsets: [0,5] spans 5 bytes, dtype and shape make 4)");
  CHECK(error_of(R"({"a": {"\n": 1}})", 0).find('\n') == std::string::npos);
}

TEST_CASE("the header's length must fit in the file") {
  CHECK(safetensors_header_bytes(std::string("\2\0\0\0\0\0\0\0{}", 10), "m") == 2);
  CHECK_THROWS_WITH_AS(safetensors_header_bytes("1234567", "m"),
                       "m: 7 bytes are too few for a safetensors file",
                       InputError);
  CHECK_THROWS_WITH_AS(safetensors_header_bytes(std::string("\3\0\0\0\0\0\0\0{}", 10), "m"),
                       "m: a header of 3 bytes, expected at most 2",
                       InputError);
  CHECK_THROWS_AS(safetensors_header_bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}", "m"), InputError);
}

TEST_CASE("thousands of damaged headers are refused or describe tensors inside the data") {
  const std::string file =
      hexgen::read_file("tests/data/models/mistral-sharded/model-00001-of-00003.safetensors");
  const std::uint64_t header_bytes = safetensors_header_bytes(file, "m");
  const std::string header = file.substr(8, header_bytes);
  const std::uint64_t data_bytes = file.size() - 8 - header_bytes;
  std::mt19937 random(5);
  int accepted = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::string damaged = header;
    for (auto change = random() % 3 + 1; change > 0; --change) {
      const std::size_t place = random() % damaged.size();
      switch (random() % 4) {
        case 0:
          damaged[place] = static_cast<char>(random());
          break;
        case 1:
          damaged[place] = "0123456789[]{}\",:-"[random() % 18];
          break;
        case 2:
          damaged.erase(place, random() % 20 + 1);
          break;
        default:
          damaged.insert(place, damaged.substr(random() % damaged.size(), 30));
      }
    }
    try {
      for (const auto& [name, entry] : parse_safetensors_header(damaged, data_bytes, "m")) {
        CHECK(entry.begin <= entry.end);
        CHECK(entry.end <= data_bytes);
      }
      ++accepted;
    } catch (const InputError& error) {
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
  }
  CHECK(accepted < 1000);  // some changes only rename a tensor
}
