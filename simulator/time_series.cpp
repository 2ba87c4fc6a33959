#include "simulator/time_series.h"

#include <algorithm>

#include "simulator/batch_policy.h"

namespace hexgen {
namespace {

/// The buckets of a run that ends at `end`.
struct Buckets {
  explicit Buckets(SimTime run_end)
      : end(std::max<SimTime>(run_end, 1)),
        width(TimeIntegral::width_for(end)),
        count(static_cast<std::size_t>((end + width - 1) / width)) {}

  /// Events at the very end belong to the last bucket.
  std::size_t at(SimTime time) const {
    return std::min(static_cast<std::size_t>(time / width), count - 1);
  }

  SimTime length(std::size_t bucket) const {
    return std::min(width, end - static_cast<SimTime>(bucket) * width);
  }

  /// Mean over each bucket of an integrated quantity, in units of `unit`.
  std::vector<double> means(const TimeIntegral& integral, std::int64_t unit = 1) const {
    const std::vector<std::int64_t> sums = integral.sums(width, count);
    std::vector<double> means(count);
    for (std::size_t b = 0; b < count; ++b) {
      means[b] =
          static_cast<double>(sums[b]) / static_cast<double>(length(b)) / static_cast<double>(unit);
    }
    return means;
  }

  double mean(const TimeIntegral& integral) const {
    return static_cast<double>(integral.total()) / static_cast<double>(end);
  }

  SimTime end;
  SimTime width;
  std::size_t count;
};

SimTime end_of(const SimulationResult& result) {
  SimTime end = 0;
  for (const RequestOutcome& request : result.requests) {
    end = std::max({end, request.arrival, request.last_token});
  }
  return end;
}

void count_events(const SimulationResult& result, const Buckets& buckets, TimeSeries& series) {
  series.arrivals.resize(buckets.count);
  series.completions.resize(buckets.count);
  for (const RequestOutcome& request : result.requests) {
    ++series.arrivals[buckets.at(request.arrival)];
    if (request.completed()) {
      ++series.completions[buckets.at(request.last_token)];
    }
  }
}

}  // namespace

SeriesRecorder::SeriesRecorder(const ServingSystem& system) {
  for (const ReplicaModel& replica : system.replicas) {
    ReplicaRecord& record = replicas_.emplace_back();
    record.busy.resize(replica.stages.size());
    record.hand_off.resize(replica.stages.size());
    record.served.resize(replica.stages.size());
  }
}

void SeriesRecorder::stage_served(int replica, const StageSpan& span) {
  ReplicaRecord& record = replicas_[static_cast<std::size_t>(replica)];
  const auto stage = static_cast<std::size_t>(span.stage);
  record.busy[stage].add(span.begin, span.end, 1);
  last_end_ = std::max(last_end_, span.end);
  ++record.served[stage];
}

void SeriesRecorder::handed_off(int replica, const StageSpan& span) {
  replicas_[static_cast<std::size_t>(replica)].hand_off[static_cast<std::size_t>(span.stage)] +=
      span.end - span.begin;
}

void SeriesRecorder::occupied(int replica, SimTime time, const Occupancy& occupancy) {
  ReplicaRecord& record = replicas_[static_cast<std::size_t>(replica)];
  record.advance(time);
  last_end_ = std::max(last_end_, time);
  record.now = occupancy;
  record.peak_kv_blocks = std::max(record.peak_kv_blocks, occupancy.kv_blocks);
}

void SeriesRecorder::ReplicaRecord::advance(SimTime time) {
  kv_blocks.add(since, time, now.kv_blocks);
  running.add(since, time, now.running);
  waiting.add(since, time, now.waiting);
  anyone_waiting.add(since, time, now.waiting > 0 ? 1 : 0);
  since = time;
}

TimeSeries SeriesRecorder::series(const ServingSystem& system,
                                  const SimulationOptions& options,
                                  const SimulationResult& result) const {
  const Buckets buckets(std::max(end_of(result), last_end_));
  TimeSeries series = {.bucket_s = to_seconds(buckets.width), .end_s = to_seconds(buckets.end)};
  count_events(result, buckets, series);
  for (std::size_t r = 0; r < replicas_.size(); ++r) {
    const ReplicaRecord& record = replicas_[r];
    const std::int64_t all_blocks = make_batch_policy(system.replicas[r], options).blocks;
    const std::int64_t blocks = std::max<std::int64_t>(all_blocks, 1);
    ReplicaSeries& replica = series.replicas.emplace_back();
    for (const TimeIntegral& busy : record.busy) {
      replica.stage_utilisation.push_back(buckets.means(busy));
    }
    replica.kv_utilisation = buckets.means(record.kv_blocks, blocks);
    replica.running = buckets.means(record.running);
    replica.waiting = buckets.means(record.waiting);
    ReplicaUse& use = series.use.emplace_back();
    use = {.duration_s = series.end_s,
           .kv_utilisation = buckets.mean(record.kv_blocks) / static_cast<double>(blocks),
           .running = buckets.mean(record.running),
           .waiting = buckets.mean(record.waiting),
           .waiting_share = buckets.mean(record.anyone_waiting),
           .peak_kv_blocks = record.peak_kv_blocks,
           .kv_blocks = all_blocks,
           .hand_off_s = {},
           .served = record.served};
    for (const SimTime hand_off : record.hand_off) {
      use.hand_off_s.push_back(to_seconds(hand_off));
    }
  }
  return series;
}

}  // namespace hexgen
