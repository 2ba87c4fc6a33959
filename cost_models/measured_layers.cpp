#include "cost_models/measured_layers.h"

#include <algorithm>
#include <set>

#include "profiles/names.h"

namespace hexgen {
namespace {

RaggedTable by_rows(const std::vector<RowTime>& times) {
  std::vector<RaggedTable::Point> points;
  for (const RowTime& point : times) {
    points.push_back({.at = {static_cast<double>(point.rows)}, .value = point.time_s});
  }
  return {{AxisRule::kLinear}, std::move(points)};
}

/// The sum of all operators at every row count that one of them was measured at, as far as all of
/// them were measured: the sum of piecewise linear functions is one too.
RaggedTable sum_of(const std::vector<LayerOperator>& operators) {
  std::set<int> rows;
  int measured = operators.front().times.back().rows;
  for (const LayerOperator& layer_operator : operators) {
    measured = std::min(measured, layer_operator.times.back().rows);
    for (const RowTime& point : layer_operator.times) {
      rows.insert(point.rows);
    }
  }
  rows.erase(rows.upper_bound(measured), rows.end());
  std::vector<RaggedTable::Point> points;
  for (const int row : rows) {
    points.push_back({.at = {static_cast<double>(row)}});
  }
  for (const LayerOperator& layer_operator : operators) {
    const RaggedTable times = by_rows(layer_operator.times);
    for (RaggedTable::Point& point : points) {
      point.value += layer_operator.per_layer * times.lookup({point.at.front()}).value;
    }
  }
  return {{AxisRule::kLinear}, std::move(points)};
}

RaggedTable attention_table(const std::vector<AttentionTime>& times) {
  std::vector<RaggedTable::Point> points;
  for (const AttentionTime& point : times) {
    points.push_back({.at = {static_cast<double>(point.prefill_tokens),
                             static_cast<double>(point.prefill_kv_tokens),
                             static_cast<double>(point.decode_sequences),
                             static_cast<double>(point.decode_kv_tokens)},
                      .value = point.time_s});
  }
  return {std::vector<AxisRule>(4, AxisRule::kLinear), std::move(points)};
}

RaggedTable skew_table(const std::vector<SkewShare>& shares) {
  if (shares.empty()) {
    return {};
  }
  std::vector<RaggedTable::Point> points;
  for (const SkewShare& point : shares) {
    points.push_back({.at = {point.mean_position,
                             static_cast<double>(point.longest_kv_tokens),
                             static_cast<double>(point.prefill_kv_tokens),
                             static_cast<double>(point.prefill_tokens),
                             static_cast<double>(point.decode_sequences)},
                      .value = point.share});
  }
  return {{AxisRule::kCeiling,
           AxisRule::kCeiling,
           AxisRule::kCeiling,
           AxisRule::kClamped,
           AxisRule::kClamped},
          std::move(points)};
}

MeasuredTime time_of(const Lookup& lookup) {
  return {.time_s = lookup.value, .outside = lookup.outside};
}

MeasuredTime operator+(const MeasuredTime& a, const MeasuredTime& b) {
  return {.time_s = a.time_s + b.time_s, .outside = a.outside || b.outside};
}

MeasuredTime operator*(int times, const MeasuredTime& one) {
  return {.time_s = times * one.time_s, .outside = one.outside};
}

}  // namespace

MeasuredLayers::MeasuredLayers(const LayerProfile& profile)
    : dense_(sum_of(profile.layer_operators)),
      embedding_(by_rows(profile.embedding)),
      final_norm_(by_rows(profile.final_norm)),
      lm_head_(by_rows(profile.lm_head)),
      sampler_(by_rows(profile.sampler)),
      attention_(attention_table(profile.attention)),
      skew_(skew_table(profile.skew)) {}

MeasuredTime MeasuredLayers::dense(double tokens) const {
  return time_of(dense_.lookup({tokens}));
}

MeasuredTime MeasuredLayers::attention(const MeasuredBatch& batch) const {
  const Lookup mean = attention_at(batch, batch.mean_kv_tokens);
  if (skew_.empty() || batch.longest_kv_tokens <= batch.shortest_kv_tokens) {
    return time_of(mean);
  }
  const Lookup longest = attention_at(batch, batch.longest_kv_tokens);
  return {.time_s = mean.value + skew_share(batch) * (longest.value - mean.value),
          .outside = mean.outside || longest.outside};
}

MeasuredTime MeasuredLayers::embedding(double tokens) const {
  return time_of(embedding_.lookup({tokens}));
}

MeasuredTime MeasuredLayers::head(double tokens, double logit_rows) const {
  const MeasuredTime norm = time_of(final_norm_.lookup({tokens}));
  if (logit_rows == 0) {
    return norm;
  }
  return norm + time_of(lm_head_.lookup({logit_rows})) + time_of(sampler_.lookup({logit_rows}));
}

Lookup MeasuredLayers::attention_at(const MeasuredBatch& batch, double kv_tokens) const {
  return attention_.lookup(
      {batch.prefill_tokens, batch.prefill_kv_tokens, batch.decode_sequences, kv_tokens});
}

double MeasuredLayers::skew_share(const MeasuredBatch& batch) const {
  const double position = (batch.mean_kv_tokens - batch.shortest_kv_tokens) /
                          (batch.longest_kv_tokens - batch.shortest_kv_tokens);
  return skew_
      .lookup({position,
               batch.longest_kv_tokens,
               batch.prefill_kv_tokens,
               batch.prefill_tokens,
               batch.decode_sequences})
      .value;
}

MeasuredTime MeasuredStage::without_attention(double tokens, double logit_rows) const {
  MeasuredTime time = num_layers * layers->dense(tokens);
  if (first) {
    time = time + layers->embedding(tokens);
  }
  return last ? time + layers->head(tokens, logit_rows) : time;
}

MeasuredTime MeasuredStage::attention(const MeasuredBatch& batch) const {
  return num_layers * layers->attention(batch);
}

void LayerTables::add(const LayerProfile& profile) {
  tables_.push_back({.model = profile.model,
                     .gpu_type = profile.gpu_type,
                     .tp_degree = profile.tp_degree,
                     .layers = std::make_shared<const MeasuredLayers>(profile)});
}

std::shared_ptr<const MeasuredLayers> LayerTables::find(const std::string& model,
                                                        const std::string& gpu_type,
                                                        int tp_degree) const {
  for (const Table& table : tables_) {
    if (table.tp_degree == tp_degree && equal_ignoring_case(table.gpu_type, gpu_type) &&
        equal_ignoring_case(table.model, model)) {
      return table.layers;
    }
  }
  return nullptr;
}

}  // namespace hexgen
