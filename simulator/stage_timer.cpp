#include "simulator/stage_timer.h"

#include <algorithm>

namespace hexgen {

BatchShape batch_shape(const IterationShape& shape) {
  return {.new_tokens = static_cast<double>(shape.decode_rows + shape.prefill_tokens),
          .logit_rows = static_cast<double>(shape.logit_rows),
          .kv_read_tokens = static_cast<double>(shape.kv_read_tokens),
          .prefill_pairs = static_cast<double>(shape.prefill_pairs)};
}

MeasuredBatch measured_batch(const IterationShape& shape) {
  const auto prefill = static_cast<double>(shape.prefill_tokens);
  const auto sequences = static_cast<double>(shape.decode_rows);
  // A chunk of c tokens after p cached ones makes c p + c (c + 1) / 2 pairs. One chunk of the same
  // tokens and pairs stands for all.
  const double cached =
      prefill > 0 ? static_cast<double>(shape.prefill_pairs) / prefill - (prefill + 1) / 2 : 0;
  return {
      .prefill_tokens = prefill,
      .prefill_kv_tokens = std::max(0.0, cached),
      .decode_sequences = sequences,
      .mean_kv_tokens = sequences > 0 ? static_cast<double>(shape.kv_read_tokens) / sequences : 0,
      .shortest_kv_tokens = static_cast<double>(shape.kv_shortest_tokens),
      .longest_kv_tokens = static_cast<double>(shape.kv_longest_tokens),
      .logit_rows = static_cast<double>(shape.logit_rows)};
}

StageTimer::StageTimer(const StageCost& cost, const MeasuredStage* measured)
    : cost_(cost),
      measured_(measured == nullptr ? std::nullopt : std::optional(*measured)) {}

StageService StageTimer::service(const IterationShape& shape) {
  return measured_ ? from_tables(shape) : modelled(shape);
}

StageService StageTimer::modelled(const IterationShape& shape) {
  if (shape.prefill_tokens == 0) {
    const double kv_ns = cost_.kv_read_s_per_token * kNanosecondsPerSecond;
    return {.busy = round_ns(decode_time(shape.decode_rows).time_ns +
                             kv_ns * static_cast<double>(shape.kv_read_tokens))};
  }
  return {.busy = to_sim_time(cost_.iteration_s(batch_shape(shape)))};
}

StageService StageTimer::from_tables(const IterationShape& shape) {
  const MeasuredBatch batch = measured_batch(shape);
  const MeasuredTime attention = measured_->attention(batch);
  const double attention_ns = attention.time_s * kNanosecondsPerSecond;
  if (shape.prefill_tokens == 0) {
    const DecodeTime rest = decode_time(shape.decode_rows);
    return {.busy = round_ns(rest.time_ns + attention_ns),
            .outside = rest.outside || attention.outside};
  }
  const MeasuredTime rest = measured_->without_attention(batch.tokens(), batch.logit_rows);
  const double rest_s = rest.time_s + cost_.all_reduce_time_s(batch.tokens());
  return {.busy = round_ns(rest_s * kNanosecondsPerSecond + attention_ns),
          .outside = rest.outside || attention.outside};
}

StageTimer::DecodeTime StageTimer::decode_time(std::int64_t rows) {
  const auto row = static_cast<std::size_t>(rows);
  if (row >= decode_times_.size()) {
    decode_times_.resize(row + 1);
  }
  if (decode_times_[row].time_ns < 0) {
    decode_times_[row] = compute_decode_time(static_cast<double>(rows));
  }
  return decode_times_[row];
}

StageTimer::DecodeTime StageTimer::compute_decode_time(double rows) const {
  if (!measured_) {
    const BatchShape shape = {.new_tokens = rows, .logit_rows = rows};
    return {.time_ns = kNanosecondsPerSecond * cost_.iteration_s(shape)};
  }
  const MeasuredTime time = measured_->without_attention(rows, rows);
  return {.time_ns = kNanosecondsPerSecond * (time.time_s + cost_.all_reduce_time_s(rows)),
          .outside = time.outside};
}

}  // namespace hexgen
