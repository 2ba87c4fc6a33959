#include "profiles/import_llmservingsim.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "profiles/catalogue.h"
#include "profiles/csv_table.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr int kMaxCount = 1 << 30;

using TimesByOperator = std::map<std::string, std::vector<RowTime>>;

int count(const CsvTable& table, std::size_t row, std::size_t column) {
  const double value = table.number(row, column);
  if (!(value >= 0 && value <= kMaxCount && value == std::floor(value))) {
    table.fail(row, "'" + table.text(row, column) + "' is not a count");
  }
  return static_cast<int>(value);
}

double time_s(const CsvTable& table, std::size_t row, std::size_t column) {
  const double value = table.number(row, column);
  if (!(value > 0 && std::isfinite(value))) {
    table.fail(row, "time_us: '" + table.text(row, column) + "' is not above 0");
  }
  return value * kMicro;
}

/// dense.csv and per_sequence.csv: layer, rows, time_us.
TimesByOperator read_times(const std::string& path, const std::string& rows_column) {
  const CsvTable table = CsvTable::read(path);
  const std::size_t layer = table.column("layer");
  const std::size_t rows = table.column(rows_column);
  const std::size_t time = table.column("time_us");
  std::map<std::string, std::map<int, double>> sorted;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const int at = count(table, row, rows);
    if (at == 0) {
      table.fail(row, rows_column + ": 0 is less than 1");
    }
    if (!sorted[table.text(row, layer)].emplace(at, time_s(table, row, time)).second) {
      table.fail(row, table.text(row, layer) + " at " + std::to_string(at) + " stands here twice");
    }
  }
  TimesByOperator times;
  for (const auto& [name, points] : sorted) {
    for (const auto& [at, seconds] : points) {
      times[name].push_back({.rows = at, .time_s = seconds});
    }
  }
  return times;
}

/// Removes an operator from `times` and returns it.
std::vector<RowTime> take(TimesByOperator& times,
                          const std::string& name,
                          const std::string& path) {
  const auto found = times.find(name);
  if (found == times.end()) {
    throw InputError(path + ": has no rows of layer '" + name + "'");
  }
  std::vector<RowTime> points = std::move(found->second);
  times.erase(found);
  return points;
}

void read_dense(const std::string& path, LayerProfile& profile) {
  TimesByOperator times = read_times(path, "tokens");
  profile.embedding = take(times, "embedding", path);
  profile.final_norm = take(times, "final_layernorm", path);
  // What every dense layer has; other operators (rotary_emb, qk_norm, ...) depend on the model.
  for (const char* name : {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"}) {
    profile.layer_operators.push_back({.name = name, .times = take(times, name, path)});
  }
  for (auto& [name, points] : times) {
    const int per_layer = name == "layernorm" ? 2 : 1;  // before attention and before the MLP
    profile.layer_operators.push_back(
        {.name = name, .per_layer = per_layer, .times = std::move(points)});
  }
}

void read_attention(const std::string& path, LayerProfile& profile) {
  const CsvTable table = CsvTable::read(path);
  const std::size_t chunk = table.column("prefill_chunk");
  const std::size_t prefill_kv = table.column("kv_prefill");
  const std::size_t sequences = table.column("n_decode");
  const std::size_t decode_kv = table.column("kv_decode");
  const std::size_t time = table.column("time_us");
  std::set<std::tuple<int, int, int, int>> known;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const AttentionTime point = {.prefill_tokens = count(table, row, chunk),
                                 .prefill_kv_tokens = count(table, row, prefill_kv),
                                 .decode_sequences = count(table, row, sequences),
                                 .decode_kv_tokens = count(table, row, decode_kv),
                                 .time_s = time_s(table, row, time)};
    if (point.prefill_tokens == 0 && point.decode_sequences == 0) {
      table.fail(row, "neither prefill_chunk nor n_decode is above 0");
    }
    if (!known
             .emplace(point.prefill_tokens,
                      point.prefill_kv_tokens,
                      point.decode_sequences,
                      point.decode_kv_tokens)
             .second) {
      table.fail(row, "this point stands here twice");
    }
    profile.attention.push_back(point);
  }
  if (profile.attention.empty()) {
    throw InputError(path + ": has no rows");
  }
}

/// Upper end of the range that a label names: 4096 for "kvB<=4k", 0.15 for "sr<=15%", 0 for "kp=0",
/// `open_end` for "kp>8k".
double upper_end(const CsvTable& table, std::size_t row, std::size_t column, double open_end) {
  const std::string& label = table.text(row, column);
  const std::size_t sign = label.find_first_of("<=>");
  const std::size_t digits = label.find_first_of("0123456789");
  double value = 0;
  const char* end = label.data() + label.size();
  const char* begin = digits == std::string::npos ? end : label.data() + digits;
  const auto [rest, error] = std::from_chars(begin, end, value);
  const std::string unit(rest, end);
  if (sign == std::string::npos || error != std::errc{} ||
      !(unit.empty() || unit == "k" || unit == "%")) {
    table.fail(row, "'" + label + "' is no range such as n<=8, sr<=15%, kvB<=4k, kp=0 or kp>8k");
  }
  if (label[sign] == '>') {
    return open_end;
  }
  return unit == "k" ? value * 1024 : unit == "%" ? value / 100 : value;
}

void read_skew(const std::string& path, LayerProfile& profile) {
  const CsvTable table = CsvTable::read(path);
  const std::size_t chunk = table.column("pc");
  const std::size_t sequences = table.column("n_label");
  const std::size_t position = table.column("skew_rate_label");
  const std::size_t longest = table.column("kv_big_label");
  const std::size_t prefill_kv = table.column("kp_label");
  const std::size_t alpha = table.column("alpha");
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const auto tokens = [&](std::size_t column) {
      return static_cast<int>(upper_end(table, row, column, kMaxCount));
    };
    profile.skew.push_back({.prefill_tokens = count(table, row, chunk),
                            .decode_sequences = tokens(sequences),
                            .mean_position = upper_end(table, row, position, 1.0),
                            .longest_kv_tokens = tokens(longest),
                            .prefill_kv_tokens = tokens(prefill_kv),
                            .share = table.number(row, alpha)});
  }
}

}  // namespace

LayerProfile import_llmservingsim(const std::string& folder, const LayerProfileSubject& subject) {
  namespace fs = std::filesystem;
  const bool nested = fs::exists(fs::path(folder) / "layer_profile");
  const fs::path tables = nested ? fs::path(folder) / "layer_profile" : fs::path(folder);
  LayerProfile profile = {.source = "casys-kaist/LLMServingSim layer profile",
                          .gpu_type = Catalogue::builtin().gpu(subject.gpu_type).type.name,
                          .model = read_model(subject.model).name,
                          .tp_degree = subject.tp_degree};
  read_dense((tables / "dense.csv").string(), profile);
  const std::string per_sequence = (tables / "per_sequence.csv").string();
  TimesByOperator heads = read_times(per_sequence, "sequences");
  profile.lm_head = take(heads, "lm_head", per_sequence);
  profile.sampler = take(heads, "sampler", per_sequence);
  read_attention((tables / "attention.csv").string(), profile);
  const fs::path skew = tables / "skew_fit.csv";
  if (fs::exists(skew)) {
    read_skew(skew.string(), profile);
  }
  return profile;
}

}  // namespace hexgen
