#include "simulator/stage_timer.h"

namespace hexgen {

BatchShape batch_shape(const IterationShape& shape) {
  return {.new_tokens = static_cast<double>(shape.decode_rows + shape.prefill_tokens),
          .logit_rows = static_cast<double>(shape.logit_rows),
          .kv_read_tokens = static_cast<double>(shape.kv_read_tokens),
          .prefill_pairs = static_cast<double>(shape.prefill_pairs)};
}

StageTimer::StageTimer(const StageCost& cost)
    : cost_(cost) {}

SimTime StageTimer::service_ns(const IterationShape& shape) {
  if (shape.prefill_tokens == 0) {
    const double kv_ns = cost_.kv_read_s_per_token * kNanosecondsPerSecond;
    return round_ns(decode_fixed_ns(shape.decode_rows) +
                    kv_ns * static_cast<double>(shape.kv_read_tokens));
  }
  return to_sim_time(cost_.iteration_s(batch_shape(shape)));
}

double StageTimer::decode_fixed_ns(std::int64_t rows) {
  const auto row = static_cast<std::size_t>(rows);
  if (row >= decode_fixed_ns_.size()) {
    decode_fixed_ns_.resize(row + 1, -1.0);
  }
  if (decode_fixed_ns_[row] < 0) {
    const auto count = static_cast<double>(rows);
    decode_fixed_ns_[row] =
        kNanosecondsPerSecond * cost_.iteration_s({.new_tokens = count, .logit_rows = count});
  }
  return decode_fixed_ns_[row];
}

}  // namespace hexgen
