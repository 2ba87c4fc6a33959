#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cost_models/calibration/fit.h"
#include "profiles/csv_table.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;

namespace {

constexpr std::uint64_t kSeed = 1;

/// A file that lives as long as the object.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& text)
      : path_((std::filesystem::temp_directory_path() / name).string()) {
    write_file(path_, text);
  }

  ~TemporaryFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Times of a layer for 1 to 4096 tokens at TP 1 and 5, as the model has them.
std::vector<double> layer_times(const Constants& constants) {
  std::vector<double> times;
  for (const int tp : {1, 5}) {
    const StageCost cost =
        cost_with(constants, test::round_model(), test::round_gpu("round", 16), tp, 1);
    for (int tokens = 1; tokens <= 4096; tokens *= 2) {
      times.push_back(cost.compute_s(prefill_shape(tokens)));
    }
  }
  return times;
}

/// A set whose prediction is one constant for every row.
DataSet constant_set(std::vector<double> measured_s, std::vector<double> size = {}) {
  DataSet set = {.measured_s = std::move(measured_s), .size = std::move(size)};
  set.predict_s = [rows = set.measured_s.size()](const Constants& constants) {
    return std::vector<double>(rows, constants.gpu.memory_fraction);
  };
  return set;
}

}  // namespace

TEST_CASE("a CSV file is read by the names of its columns") {
  const TemporaryFile file("hexgen_csv_good.csv", ",a(ns),b\n0,1.5,x\r\n1,2e3,y");
  const CsvTable table = CsvTable::read(file.path());
  REQUIRE(table.num_rows() == 2);
  CHECK(table.number(1, table.column("a(ns)")) == 2000);
  CHECK(table.text(0, table.column("b")) == "x");
  CHECK(CsvTable::read_headless(file.path()).num_rows() == 3);
}

TEST_CASE("a broken CSV file is refused with its line") {
  const TemporaryFile ragged("hexgen_csv_ragged.csv", "a,b\n1,2\n3\n");
  CHECK_THROWS_WITH_AS(CsvTable::read(ragged.path()),
                       (ragged.path() + ": line 3: 1 cells, the first line has 2").c_str(),
                       InputError);
  const TemporaryFile text("hexgen_csv_text.csv", "a,b\n1,2\n3,four\n");
  const CsvTable table = CsvTable::read(text.path());
  CHECK_THROWS_WITH_AS(
      table.number(1, 1), (text.path() + ": line 3: 'four' is not a number").c_str(), InputError);
  CHECK_THROWS_WITH_AS(
      table.column("c"), (text.path() + ": has no column 'c'").c_str(), InputError);
}

TEST_CASE("half of the rows are for training, which ones depends on the seed alone") {
  const std::vector<bool> half = training_half(1001, kSeed);
  CHECK(std::count(half.begin(), half.end(), true) == 500);
  CHECK(half == training_half(1001, kSeed));
  CHECK(half != training_half(1001, kSeed + 1));
}

TEST_CASE("errors are summed up as nearest-rank percentiles of their size") {
  // Predicted 1; measured 1 / (1 + k / 10): errors 10 % ... 100 %.
  std::vector<double> measured;
  for (int k = 1; k <= 10; ++k) {
    measured.push_back(1 / (1 + k / 10.0));
  }
  Constants constants;
  constants.gpu.memory_fraction = 1;
  const ErrorSummary errors = summarize_errors(
      constant_set(measured), constants, std::vector<bool>(measured.size(), false), false);
  CHECK(errors.rows == 10);
  CHECK(errors.median == Approx(0.5));
  CHECK(errors.p90 == Approx(0.9));
}

TEST_CASE("a fit finds the constants that made the times") {
  Constants truth;
  truth.gpu.memory_fraction = 0.62;
  truth.gpu.compute_fraction = 0.47;
  truth.gpu.layer_overhead_s = 33e-6;
  const DataSet set = {.measured_s = layer_times(truth), .predict_s = layer_times};
  const Constants fitted = fit_constants(
      {set}, {memory_fraction_knob(), compute_fraction_knob(), layer_overhead_knob()}, {}, kSeed);
  CHECK(fitted.gpu.memory_fraction == Approx(0.62).epsilon(0.02));
  CHECK(fitted.gpu.compute_fraction == Approx(0.47).epsilon(0.02));
  CHECK(fitted.gpu.layer_overhead_s == Approx(33e-6).epsilon(0.02));
}

TEST_CASE("rows that are held out have no influence on the fit") {
  Constants truth;
  truth.gpu.memory_fraction = 0.62;
  DataSet set = {.measured_s = layer_times(truth), .predict_s = layer_times};
  const auto fitted = [&] {
    return fit_constants({set}, {memory_fraction_knob()}, {}, kSeed).gpu.memory_fraction;
  };
  const double before = fitted();
  const std::vector<bool> half = training_half(set.measured_s.size(), kSeed);
  for (std::size_t row = 0; row < half.size(); ++row) {
    set.measured_s[row] *= half[row] ? 1 : 10;
  }
  CHECK(fitted() == before);
}

TEST_CASE("a set that is only reported has no influence on the fit") {
  DataSet reported = constant_set(std::vector<double>(100, 0.2));
  reported.fitted = false;
  const Constants fitted = fit_constants(
      {constant_set(std::vector<double>(10, 0.6)), reported}, {memory_fraction_knob()}, {}, kSeed);
  CHECK(fitted.gpu.memory_fraction == Approx(0.6).epsilon(0.01));
}

TEST_CASE("a densely measured octave has no more voice than the others") {
  // 1000 rows of size 8 say 0.9; 40 rows each of size 1 and of size 64 say 0.5.
  std::vector<double> measured(1000, 0.9);
  std::vector<double> size(1000, 8);
  for (int row = 0; row < 80; ++row) {
    measured.push_back(0.5);
    size.push_back(row % 2 == 0 ? 1 : 64);
  }
  const Constants fitted =
      fit_constants({constant_set(measured, size)}, {memory_fraction_knob()}, {}, kSeed);
  CHECK(fitted.gpu.memory_fraction == Approx(0.5).epsilon(0.01));
}
