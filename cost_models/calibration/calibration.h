#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"
#include "cost_models/calibration/fit.h"

namespace hexgen {

/// The constants of one GPU type and of the link of its node, and the data that speak about them.
struct Calibration {
  std::string label;                 // what the table calls it
  std::string gpu;                   // name of a GPU type; empty when only the link is calibrated
  std::string link;                  // name of a link type
  std::string like = {};             // GPU type, calibrated before, whose constants are the start
  std::vector<Knob> knobs;           // what is fitted; none: the data are only compared
  std::vector<Knob> nuisances = {};  // fitted too, but not kept: they describe the way of measuring
  bool kept = true;                  // the result becomes the default of the GPU and link type
  std::vector<DataSet> sets;
};

/// Errors of one data set: of the half that was not fitted on, or of all rows if none were.
struct ErrorRow {
  std::string label;
  std::string source;
  std::string what;
  bool fitted = false;
  ErrorSummary before;  // with the defaults that a GPU type has before any measurement
  ErrorSummary after;
};

struct CalibrationResult {
  std::string label;
  std::string gpu;
  std::string link;
  bool kept = true;
  Constants constants;
  std::vector<ErrorRow> errors;
};

struct CalibrationReport {
  std::vector<CalibrationResult> results;
  int saturated_rows = 0;  // served loads left out
};

/// Reads the folder of public measurements (gpu_ops/, helix/ and measured/), fits every calibration
/// on a seeded random half of its data, and measures the errors on the other half. Throws
/// InputError for files that are missing or not as expected.
CalibrationReport calibrate(const std::string& folder, std::uint64_t seed);

/// The table of errors and the fitted constants.
void print_report(const CalibrationReport& report, std::ostream& out);

}  // namespace hexgen
