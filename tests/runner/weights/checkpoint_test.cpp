#include "runner/weights/checkpoint.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "profiles/errors.h"
#include "runner/weights/narrow_weights.h"
#include "tests/runner/weights/safetensors_file.h"
#include "tests/support/temporary_folder.h"

using hexgen::Checkpoint;
using hexgen::ElementType;
using hexgen::IndexRange;
using hexgen::InputError;
using hexgen::narrow_weights;
using hexgen::TensorSlice;
using hexgen::test::safetensors_bytes;
using hexgen::test::TemporaryFolder;
using hexgen::test::write_bytes;

namespace kernels = hexgen::kernels;

namespace {

/// "m" is a matrix [3, 4] and "v" a vector [2], both of this dtype of two bytes.
std::string small_file(const std::string& dtype) {
  return safetensors_bytes(R"({"m": {"dtype": ")" + dtype +
                               R"(", "shape": [3, 4], "data_offsets": [0, 24]},
                               "v": {"dtype": ")" +
                               dtype + R"(", "shape": [2], "data_offsets": [24, 28]}})",
                           28);
}

TensorSlice matrix_slice(IndexRange rows, IndexRange columns) {
  return {.tensor = "m", .tensor_rows = 3, .tensor_columns = 4, .rows = rows, .columns = columns};
}

void expect_error(const std::string& folder, const TensorSlice& slice, const std::string& error) {
  float out[12];
  CHECK_THROWS_WITH_AS(Checkpoint(folder).read(slice, out), error.c_str(), InputError);
}

void write_index(const TemporaryFolder& folder, const std::string& weight_map) {
  write_bytes(folder / "model.safetensors.index.json",
              R"({"metadata": {"total_size": 1}, "weight_map": )" + weight_map + "}");
}

}  // namespace

TEST_CASE("a slice holds the elements of its rows and columns in fp32") {
  const TemporaryFolder folder;
  write_bytes(folder / "model.safetensors", small_file("BF16"));
  const Checkpoint checkpoint(folder.path().string());
  std::vector<float> out(4);
  checkpoint.read(matrix_slice({1, 2}, {2, 2}), out.data());
  // Element (1, 2) is number 6: bytes 12 and 13, which as bf16 are the upper half of a float.
  const auto bf16 = [](std::uint32_t low, std::uint32_t high) {
    return std::bit_cast<float>(high << 24 | low << 16);
  };
  CHECK(out == std::vector<float>{bf16(12, 13), bf16(14, 15), bf16(20, 21), bf16(22, 23)});

  TensorSlice vector = {.tensor = "v", .tensor_columns = 2, .rows = {0, 1}, .columns = {1, 1}};
  checkpoint.read(vector, out.data());
  CHECK(out[0] == bf16(26, 27));
}

TEST_CASE("the most common type is that of most elements") {
  const TemporaryFolder folder;
  const auto type_of = [&](const std::string& m, const std::string& v, std::size_t end) {
    write_bytes(folder / "model.safetensors",
                safetensors_bytes(R"({"m": {"dtype": ")" + m +
                                      R"(", "shape": [3, 4], "data_offsets": [0, 24]},
                                      "v": {"dtype": ")" +
                                      v + R"(", "shape": [2], "data_offsets": [24, )" +
                                      std::to_string(end) + "]}}",
                                  end));
    return Checkpoint(folder.path().string()).most_common_type();
  };
  CHECK(type_of("F16", "F16", 28) == ElementType::kFloat16);
  CHECK(type_of("F16", "F32", 32) == ElementType::kFloat16);
  CHECK(type_of("BF16", "F16", 28) == ElementType::kBfloat16);
  write_bytes(
      folder / "model.safetensors",
      safetensors_bytes(R"({"m": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", 8));
  CHECK(Checkpoint(folder.path().string()).most_common_type() == ElementType::kFloat32);
}

TEST_CASE("weights that fp16 cannot hold are refused by name, and fit bf16") {
  std::vector<float> weights = {1.0F, -65504.0F};
  kernels::Float16 half[2];
  kernels::Bfloat16 bf16[2];
  narrow_weights("lm_head.weight", weights, half);
  CHECK(to_float(half[1]) == -65504.0F);
  const char* error = "lm_head.weight: holds 70000, fp16 ends at 65504; --dtype bf16 fits";
  weights[1] = 70000;
  CHECK_THROWS_WITH_AS(narrow_weights("lm_head.weight", weights, half), error, InputError);
  narrow_weights("lm_head.weight", weights, bf16);
  CHECK(to_float(bf16[1]) == 70144);  // 137 * 2^9, the nearest with 8 bits
  weights[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(narrow_weights("lm_head.weight", weights, half), InputError);
}

TEST_CASE("a tensor that is missing, or of another shape or type than the model's, is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  write_bytes(folder / "model.safetensors", small_file("I16"));
  TensorSlice slice = matrix_slice({0, 3}, {0, 4});
  expect_error(
      path,
      slice,
      path + "/model.safetensors: m.dtype: I16 is not supported, expected F32, F16 or BF16");
  write_bytes(folder / "model.safetensors", small_file("F16"));
  slice.tensor_rows = 5;
  expect_error(
      path, slice, path + "/model.safetensors: m.shape: [3, 4], the config.json makes it [5, 4]");
  slice.tensor_rows = TensorSlice::kVector;
  expect_error(
      path, slice, path + "/model.safetensors: m.shape: [3, 4], the config.json makes it [4]");
  slice.tensor = "lm_head.weight";
  expect_error(path, slice, path + ": tensor lm_head.weight is missing");
}

TEST_CASE("a folder without weights, and a file that is cut short, are refused") {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  CHECK_THROWS_WITH_AS(
      Checkpoint{path},
      (path + ": holds neither model.safetensors nor model.safetensors.index.json").c_str(),
      InputError);
  const std::string whole = small_file("F16");
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{7}, std::size_t{60}, whole.size() - 1}) {
    write_bytes(folder / "model.safetensors", whole.substr(0, bytes));
    CHECK_THROWS_AS(Checkpoint{path}, InputError);
  }
}

TEST_CASE("an index brings tensors together from its files and is checked against them") {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  const std::string index = path + "/model.safetensors.index.json: weight_map.";
  write_bytes(folder / "part.safetensors", small_file("F16"));
  write_index(folder, R"({"m": "part.safetensors", "v": "part.safetensors"})");
  float out[4];
  CHECK_NOTHROW(Checkpoint(path).read(matrix_slice({0, 1}, {0, 4}), out));

  struct Broken {
    const char* weight_map;
    std::string error;
  };

  const Broken all[] = {
      {R"({"w": "part.safetensors"})",
       index + "w: the file \"part.safetensors\" has no such tensor"},
      {R"({"m": "../part.safetensors"})",
       index + "m: \"../part.safetensors\" is not the name of a file in the same folder"},
      {R"({"m": ".."})", index + "m: \"..\" is not the name of a file in the same folder"},
      {R"({"m": {"file": "part.safetensors"}})",
       index + "m: {\"file\":\"part.safetensors\"} is not a string"},
  };
  for (const Broken& broken : all) {
    write_index(folder, broken.weight_map);
    CHECK_THROWS_WITH_AS(Checkpoint{path}, broken.error.c_str(), InputError);
  }
  write_index(folder, R"({"m": "gone.safetensors"})");
  CHECK_THROWS_WITH_AS(
      Checkpoint{path}, doctest::Contains("gone.safetensors: cannot be read"), InputError);
}
