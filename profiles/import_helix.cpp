#include "profiles/import_helix.h"

#include <cmath>
#include <filesystem>

#include "profiles/catalogue.h"
#include "profiles/csv_table.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kMaxRows = 1 << 30;
constexpr double kNothingS = 1e-9;  // a profile has no times of zero

/// The rows above the first, which must be "0,0", and one at 1 on the line from there.
std::vector<RowTime> read_times(const std::string& path) {
  const CsvTable table = CsvTable::read_headless(path);
  if (table.num_rows() < 2) {
    throw InputError(path + ": " + std::to_string(table.num_rows()) +
                     " rows, expected 0,0 and at least one more");
  }
  if (table.number(0, 0) != 0 || table.number(0, 1) != 0) {
    table.fail(0, table.text(0, 0) + "," + table.text(0, 1) + " is not 0,0");
  }
  std::vector<RowTime> times;
  for (std::size_t row = 1; row < table.num_rows(); ++row) {
    const double rows = table.number(row, 0);
    const double time_s = table.number(row, 1) * kMilli;
    if (!(rows > table.number(row - 1, 0) && rows <= kMaxRows && rows == std::floor(rows))) {
      table.fail(row, "'" + table.text(row, 0) + "' is not a count above the row before");
    }
    if (!(time_s > 0 && std::isfinite(time_s))) {
      table.fail(row, "'" + table.text(row, 1) + "' is not a time above 0");
    }
    times.push_back({.rows = static_cast<int>(rows), .time_s = time_s});
  }
  if (times.front().rows > 1) {
    times.insert(times.begin(), {.rows = 1, .time_s = times.front().time_s / times.front().rows});
  }
  return times;
}

std::vector<AttentionTime> whole_layers(const std::vector<RowTime>& prompt,
                                        const std::vector<RowTime>& decode) {
  std::vector<AttentionTime> layers;
  for (const RowTime& sequences : decode) {
    layers.push_back(
        {.decode_sequences = sequences.rows, .decode_kv_tokens = 1, .time_s = sequences.time_s});
  }
  for (const RowTime& tokens : prompt) {
    layers.push_back({.prefill_tokens = tokens.rows, .time_s = tokens.time_s});
    for (const RowTime& sequences : decode) {
      layers.push_back({.prefill_tokens = tokens.rows,
                        .decode_sequences = sequences.rows,
                        .decode_kv_tokens = 1,
                        .time_s = tokens.time_s + sequences.time_s});
    }
  }
  return layers;
}

}  // namespace

LayerProfile import_helix(const std::string& folder, const LayerProfileSubject& subject) {
  const std::filesystem::path tables(folder);
  const std::vector<RowTime> nothing = {{.rows = 1, .time_s = kNothingS}};
  const Catalogue catalogue = Catalogue::builtin();
  const CatalogueGpu* known = catalogue.find_gpu(subject.gpu_type);
  return {.source = "Thesys-lab/Helix-ASPLOS25 layer times",
          .gpu_type = known == nullptr ? subject.gpu_type : known->type.name,
          .model = read_model(subject.model).name,
          .tp_degree = subject.tp_degree,
          .layer_operators = {{.name = "none", .times = nothing}},
          .embedding = nothing,
          .final_norm = nothing,
          .lm_head = nothing,
          .sampler = nothing,
          .attention = whole_layers(read_times((tables / "prompt_bs2time.csv").string()),
                                    read_times((tables / "decode_bs2time.csv").string()))};
}

}  // namespace hexgen
