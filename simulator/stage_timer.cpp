#include "simulator/stage_timer.h"

#include <utility>

#include "cost_models/extrapolation.h"

namespace hexgen {

BatchShape batch_shape(const IterationShape& shape) {
  return {.new_tokens = static_cast<double>(shape.decode_rows + shape.prefill_tokens),
          .logit_rows = static_cast<double>(shape.logit_rows),
          .kv_read_tokens = static_cast<double>(shape.kv_read_tokens),
          .prefill_pairs = static_cast<double>(shape.prefill_pairs),
          .prefill_tokens = static_cast<double>(shape.prefill_tokens)};
}

MeasuredBatch measured_batch(const IterationShape& shape) {
  MeasuredBatch batch = as_measured(batch_shape(shape));
  batch.shortest_kv_tokens = static_cast<double>(shape.kv_shortest_tokens);
  batch.longest_kv_tokens = static_cast<double>(shape.kv_longest_tokens);
  return batch;
}

StageTimer::StageTimer(StageCost cost)
    : cost_(std::move(cost)),
      has_range_(has_measured_operator(cost_)) {}

// Inline, as those that follow, for the simulator's inner loop.
inline StageTimer::DecodeTime StageTimer::decode_time(std::int64_t rows) {
  const auto row = static_cast<std::size_t>(rows);
  if (row >= decode_times_.size()) {
    decode_times_.resize(row + 1);
  }
  if (decode_times_[row].time_ns < 0) {
    decode_times_[row] = compute_decode_time(static_cast<double>(rows));
  }
  return decode_times_[row];
}

inline StageService StageTimer::with_range(const IterationShape& shape, SimTime busy) const {
  if (!has_range_) {
    return {.busy = busy};
  }
  const double farthest = farthest_outside(cost_, batch_shape(shape));
  return {.busy = busy, .outside = farthest > 1, .farthest = farthest};
}

inline StageService StageTimer::modelled(const IterationShape& shape) {
  if (shape.prefill_tokens == 0) {
    const auto tokens = static_cast<double>(shape.kv_read_tokens);
    const double kv_s =
        has_range_ ? cost_.kv_read_time_s(tokens) : cost_.kv_read_s_per_token * tokens;
    return with_range(
        shape, round_ns(decode_time(shape.decode_rows).time_ns + kNanosecondsPerSecond * kv_s));
  }
  return with_range(shape, to_sim_time(cost_.iteration_s(batch_shape(shape))));
}

StageService StageTimer::service(const IterationShape& shape) {
  return cost_.measured ? from_tables(shape) : modelled(shape);
}

StageService StageTimer::from_tables(const IterationShape& shape) {
  const MeasuredBatch batch = measured_batch(shape);
  const MeasuredTime attention = cost_.measured->attention(batch);
  const double attention_ns = attention.time_s * kNanosecondsPerSecond;
  if (shape.prefill_tokens == 0) {
    const DecodeTime rest = decode_time(shape.decode_rows);
    return {.busy = round_ns(rest.time_ns + attention_ns),
            .outside = rest.outside || attention.outside};
  }
  const MeasuredTime rest = cost_.measured->without_attention(batch.tokens(), batch.logit_rows);
  const double rest_s = rest.time_s + cost_.all_reduce_time_s(batch.tokens());
  return {.busy = round_ns(rest_s * kNanosecondsPerSecond + attention_ns),
          .outside = rest.outside || attention.outside};
}

StageTimer::DecodeTime StageTimer::compute_decode_time(double rows) const {
  if (!cost_.measured) {
    const BatchShape shape = {.new_tokens = rows, .logit_rows = rows};
    return {.time_ns = kNanosecondsPerSecond * cost_.iteration_s(shape)};
  }
  const MeasuredTime time = cost_.measured->without_attention(rows, rows);
  return {.time_ns = kNanosecondsPerSecond * (time.time_s + cost_.all_reduce_time_s(rows)),
          .outside = time.outside};
}

}  // namespace hexgen
