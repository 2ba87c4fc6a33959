#include "simulator/pipeline_clock.h"

#include <algorithm>
#include <cassert>

namespace hexgen {
namespace {

BatchShape batch_shape(const IterationShape& shape) {
  return {.new_tokens = static_cast<double>(shape.decode_rows + shape.prefill_tokens),
          .logit_rows = static_cast<double>(shape.logit_rows),
          .kv_read_tokens = static_cast<double>(shape.kv_read_tokens),
          .prefill_pairs = static_cast<double>(shape.prefill_pairs)};
}

}  // namespace

PipelineClock::PipelineClock(const std::vector<StageCost>& stages)
    : stages_(stages),
      free_(stages.size()),
      busy_(stages.size()),
      decode_fixed_ns_(stages.size()) {}

double PipelineClock::decode_fixed_ns(std::size_t stage, std::int64_t rows) {
  auto& known = decode_fixed_ns_[stage];
  const auto row = static_cast<std::size_t>(rows);
  if (row >= known.size()) {
    known.resize(row + 1, -1.0);
  }
  if (known[row] < 0) {
    const auto count = static_cast<double>(rows);
    known[row] = kNanosecondsPerSecond *
                 stages_[stage].iteration_s({.new_tokens = count, .logit_rows = count});
  }
  return known[row];
}

SimTime PipelineClock::service_ns(std::size_t stage, const IterationShape& shape) {
  const StageCost& cost = stages_[stage];
  if (shape.prefill_tokens == 0) {
    const double kv_ns = cost.kv_read_s_per_token * kNanosecondsPerSecond;
    return round_ns(decode_fixed_ns(stage, shape.decode_rows) +
                    kv_ns * static_cast<double>(shape.kv_read_tokens));
  }
  return to_sim_time(cost.iteration_s(batch_shape(shape)));
}

PipelineClock::Passage PipelineClock::launch(const IterationShape& shape, SimTime start) {
  assert(start >= free_.front());
  const BatchShape tokens = batch_shape(shape);
  Passage passage;
  SimTime arrival = start;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const SimTime service = service_ns(s, shape);
    const SimTime end = std::max(arrival, free_[s]) + service;
    free_[s] = end;
    busy_[s] += service;
    passage.token_time = end;
    arrival = end + to_sim_time(stages_[s].handoff_time_s(tokens));
  }
  passage.return_time = arrival;
  return passage;
}

PipelineClock::DecodeTime PipelineClock::decode_time(std::int64_t rows) {
  assert(num_stages() == 1);
  const auto count = static_cast<double>(rows);
  return {.fixed_ns = decode_fixed_ns(0, rows),
          .ns_per_kv_token = stages_[0].kv_read_s_per_token * kNanosecondsPerSecond,
          .return_ns =
              to_sim_time(stages_[0].handoff_time_s({.new_tokens = count, .logit_rows = count}))};
}

}  // namespace hexgen
