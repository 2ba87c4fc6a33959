#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "profiles/layer_profile.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxTokens = 1 << 30;
constexpr double kMaxTimeUs = 1e9;

const std::vector<std::string> kRowColumns = {"rows", "time_us"};
const std::vector<std::string> kAttentionColumns = {
    "prefill_tokens", "prefill_kv_tokens", "decode_sequences", "decode_kv_tokens", "time_us"};
const std::vector<std::string> kSkewColumns = {"prefill_tokens",
                                               "decode_sequences",
                                               "mean_position",
                                               "longest_kv_tokens",
                                               "prefill_kv_tokens",
                                               "share"};

/// Refuses a row that has another number of cells than the table has columns.
std::vector<JsonReader> cells(const JsonReader& row, const std::vector<std::string>& columns) {
  std::vector<JsonReader> values = row.items();
  if (values.size() != columns.size()) {
    row.fail(std::to_string(values.size()) + " values, expected " + std::to_string(columns.size()));
  }
  return values;
}

int count(const JsonReader& cell, int min = 0) {
  return cell.small_integer(min, kMaxTokens);
}

double time_s(const JsonReader& cell) {
  return cell.positive_number(kMaxTimeUs) * kMicro;
}

RowTime read_row_time(const JsonReader& row) {
  const auto values = cells(row, kRowColumns);
  return {.rows = count(values[0], 1), .time_s = time_s(values[1])};
}

AttentionTime read_attention(const JsonReader& row) {
  const auto values = cells(row, kAttentionColumns);
  const AttentionTime point = {.prefill_tokens = count(values[0]),
                               .prefill_kv_tokens = count(values[1]),
                               .decode_sequences = count(values[2]),
                               .decode_kv_tokens = count(values[3]),
                               .time_s = time_s(values[4])};
  if (point.prefill_tokens == 0 && point.decode_sequences == 0) {
    row.fail("neither prefill_tokens nor decode_sequences is above 0");
  }
  return point;
}

SkewShare read_skew(const JsonReader& row) {
  const auto values = cells(row, kSkewColumns);
  return {.prefill_tokens = count(values[0]),
          .decode_sequences = count(values[1], 2),
          .mean_position = values[2].number(0, 1),
          .longest_kv_tokens = count(values[3], 1),
          .prefill_kv_tokens = count(values[4]),
          .share = values[5].number(-10, 10)};
}

/// All points of a table, `coordinates` of which may not repeat.
template <typename Read, typename Coordinates>
auto read_rows(const JsonReader& rows, Read read, Coordinates coordinates) {
  std::vector<decltype(read(rows))> points;
  std::set<decltype(coordinates(read(rows)))> known;
  for (const JsonReader& row : rows.items()) {
    points.push_back(read(row));
    if (!known.insert(coordinates(points.back())).second) {
      row.fail("this point stands in the table already");
    }
  }
  if (points.empty()) {
    rows.fail("empty, expected at least one point");
  }
  return points;
}

/// A table says its columns, so that a reader of the file need not know them.
template <typename Read, typename Coordinates>
auto read_table(const JsonReader& table,
                const std::vector<std::string>& columns,
                Read read,
                Coordinates coordinates) {
  table.allow_only({"columns", "rows"});
  const JsonReader named = table.at("columns");
  if (named.value() != nlohmann::json(columns)) {
    named.fail(named.shown() + " is not " + nlohmann::json(columns).dump());
  }
  return read_rows(table.at("rows"), read, coordinates);
}

std::vector<RowTime> read_row_times(const JsonReader& table) {
  auto times = read_table(
      table, kRowColumns, read_row_time, [](const RowTime& point) { return point.rows; });
  std::sort(times.begin(), times.end(), [](const RowTime& a, const RowTime& b) {
    return a.rows < b.rows;
  });
  return times;
}

std::vector<LayerOperator> read_layer_operators(const JsonReader& list) {
  std::vector<LayerOperator> operators;
  std::set<std::string> known;
  for (const JsonReader& entry : list.items()) {
    entry.allow_only({"name", "per_layer", "times"});
    operators.push_back({.name = entry.at("name").string(),
                         .per_layer = entry.at("per_layer").small_integer(1, 100),
                         .times = read_row_times(entry.at("times"))});
    if (!known.insert(operators.back().name).second) {
      entry.at("name").fail("\"" + operators.back().name + "\" is used twice");
    }
  }
  if (operators.empty()) {
    list.fail("empty, expected at least one operator");
  }
  return operators;
}

double microseconds(double seconds) {
  return std::round(seconds / 1e-11) / 1e5;
}

/// `{"columns": [...], "rows": [` and one point a line.
template <typename Points, typename ToCells>
std::string table_text(const std::string& indent,
                       const std::vector<std::string>& columns,
                       const Points& points,
                       ToCells to_cells) {
  std::string text = "{\"columns\": " + Json(columns).dump() + ", \"rows\": [";
  const char* separator = "\n";
  for (const auto& point : points) {
    text += separator + indent + "  " + to_cells(point).dump();
    separator = ",\n";
  }
  return text + "]}";
}

std::string row_times_text(const std::string& indent, const std::vector<RowTime>& times) {
  return table_text(indent, kRowColumns, times, [](const RowTime& point) {
    return Json::array({point.rows, microseconds(point.time_s)});
  });
}

std::string operators_text(const std::vector<LayerOperator>& operators) {
  std::string text;
  for (const LayerOperator& layer_operator : operators) {
    text += (text.empty() ? "" : ",\n") + std::string("    {\"name\": ") +
            Json(layer_operator.name).dump() +
            ", \"per_layer\": " + std::to_string(layer_operator.per_layer) +
            ", \"times\": " + row_times_text("    ", layer_operator.times) + "}";
  }
  return text;
}

std::string attention_text(const std::vector<AttentionTime>& points) {
  return table_text("  ", kAttentionColumns, points, [](const AttentionTime& point) {
    return Json::array({point.prefill_tokens,
                        point.prefill_kv_tokens,
                        point.decode_sequences,
                        point.decode_kv_tokens,
                        microseconds(point.time_s)});
  });
}

std::string skew_text(const std::vector<SkewShare>& points) {
  return table_text("  ", kSkewColumns, points, [](const SkewShare& point) {
    return Json::array({point.prefill_tokens,
                        point.decode_sequences,
                        point.mean_position,
                        point.longest_kv_tokens,
                        point.prefill_kv_tokens,
                        point.share});
  });
}

}  // namespace

LayerProfile read_layer_profile(const std::string& path) {
  const JsonDocument document = JsonDocument::parse(read_file(path), path);
  const JsonReader root = document.root();
  root.expect_format("hexgen.layer_profile/1");
  root.allow_only({"format",
                   "source",
                   "gpu_type",
                   "model",
                   "tp_degree",
                   "layer_operators",
                   "embedding",
                   "final_norm",
                   "lm_head",
                   "sampler",
                   "attention",
                   "skew"});
  LayerProfile profile = {.source = root.at("source").string(),
                          .gpu_type = root.at("gpu_type").string(),
                          .model = root.at("model").string(),
                          .tp_degree = root.at("tp_degree").small_integer(1, 1024),
                          .layer_operators = read_layer_operators(root.at("layer_operators")),
                          .embedding = read_row_times(root.at("embedding")),
                          .final_norm = read_row_times(root.at("final_norm")),
                          .lm_head = read_row_times(root.at("lm_head")),
                          .sampler = read_row_times(root.at("sampler")),
                          .attention = read_table(root.at("attention"),
                                                  kAttentionColumns,
                                                  read_attention,
                                                  [](const AttentionTime& point) {
                                                    return std::tuple(point.prefill_tokens,
                                                                      point.prefill_kv_tokens,
                                                                      point.decode_sequences,
                                                                      point.decode_kv_tokens);
                                                  }),
                          .skew = {}};
  if (const auto skew = root.find("skew")) {
    profile.skew = read_table(*skew, kSkewColumns, read_skew, [](const SkewShare& point) {
      return std::tuple(point.prefill_tokens,
                        point.decode_sequences,
                        point.mean_position,
                        point.longest_kv_tokens,
                        point.prefill_kv_tokens);
    });
  }
  return profile;
}

std::string subject_of(const LayerProfile& profile) {
  return profile.model + " on " + profile.gpu_type + " at TP degree " +
         std::to_string(profile.tp_degree);
}

std::string layer_profile_text(const LayerProfile& profile) {
  const auto text = [](const std::string& value) { return Json(value).dump(); };
  std::string file =
      "{\n  \"format\": \"hexgen.layer_profile/1\",\n  \"source\": " + text(profile.source) +
      ",\n  \"gpu_type\": " + text(profile.gpu_type) + ",\n  \"model\": " + text(profile.model) +
      ",\n  \"tp_degree\": " + std::to_string(profile.tp_degree) + ",\n  \"layer_operators\": [\n" +
      operators_text(profile.layer_operators) +
      "],\n  \"embedding\": " + row_times_text("  ", profile.embedding) +
      ",\n  \"final_norm\": " + row_times_text("  ", profile.final_norm) +
      ",\n  \"lm_head\": " + row_times_text("  ", profile.lm_head) +
      ",\n  \"sampler\": " + row_times_text("  ", profile.sampler) +
      ",\n  \"attention\": " + attention_text(profile.attention);
  if (!profile.skew.empty()) {
    file += ",\n  \"skew\": " + skew_text(profile.skew);
  }
  return file + "\n}\n";
}

}  // namespace hexgen
