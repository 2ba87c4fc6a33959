#include "profiles/timings.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "profiles/profile_fit.h"

namespace hexgen {
namespace {

using Points = std::vector<MeasuredCurve::Point>;

template <typename Key>
std::map<Key, MeasuredCurve> curves_of(const std::map<Key, Points>& points) {
  std::map<Key, MeasuredCurve> curves;
  for (const auto& [key, of_key] : points) {
    curves.emplace(key, MeasuredCurve(of_key));
  }
  return curves;
}

/// Medians of one kind of timing on all GPUs by their size; none without timings.
template <typename Timings>
std::optional<MeasuredCurve> curve_of(const std::vector<GpuMeasurement>& gpus,
                                      Timings GpuMeasurement::*timings,
                                      double (Timings::value_type::*size)() const) {
  Points points;
  for (const GpuMeasurement& gpu : gpus) {
    for (const auto& timing : gpu.*timings) {
      points.push_back({(timing.*size)(), timing.time.median_s});
    }
  }
  return points.empty() ? std::nullopt : std::optional(MeasuredCurve(std::move(points)));
}

double mean_graph_launch_s(const std::vector<GpuMeasurement>& gpus) {
  double sum = 0;
  for (const GpuMeasurement& gpu : gpus) {
    sum += gpu.graph_launch.median_s;
  }
  return sum / static_cast<double>(gpus.size());
}

/// How many times `value` lies above the largest or below the smallest; 1 between them.
double factor_outside(double value, const std::set<int>& measured) {
  return std::max({1.0, value / *measured.rbegin(), *measured.begin() / value});
}

}  // namespace

GpuTimings::GpuTimings(const std::vector<GpuMeasurement>& gpus, const GpuType& type)
    : attention_(curve_of(gpus, &GpuMeasurement::attention, &AttentionTiming::kv_bytes).value()),
      prefill_attention_(
          curve_of(gpus, &GpuMeasurement::prefill_attention, &PrefillAttentionTiming::flops)),
      elementwise_(curve_of(gpus, &GpuMeasurement::elementwise, &ElementwiseTiming::bytes)),
      graph_launch_s_(mean_graph_launch_s(gpus)),
      flops_per_s_(type.efficiency.compute_fraction * type.dense_flops_per_s) {
  std::map<Shape, Points> points;
  for (const GpuMeasurement& gpu : gpus) {
    for (const GemmTiming& gemm : gpu.gemms) {
      const double rows = gemm.rows;
      points[{gemm.inner_dim, gemm.columns}].push_back({rows, gemm.time.median_s});
    }
  }
  gemms_ = curves_of(points);
  const LinearFit weights = fit_weight_reads(gpus);
  overhead_s_ = weights.fixed;
  bytes_per_s_ = 1 / weights.variable;
}

double GpuTimings::roofline_s(double rows, const Shape& shape) const {
  const double inner = shape.first;
  const double columns = shape.second;
  const double bytes = 2 * (inner * columns + rows * (inner + columns));
  return overhead_s_ + std::max(bytes / bytes_per_s_, 2 * rows * inner * columns / flops_per_s_);
}

std::shared_ptr<const GemmCurve> GpuTimings::gemm(int inner_dim, int columns) const {
  const Shape shape = {inner_dim, columns};
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const GemmCurve>& known = known_[shape];
  if (known == nullptr) {
    const auto measured = gemms_.find(shape);
    known = std::make_shared<const GemmCurve>(
        measured == gemms_.end() ? interpolate(shape) : GemmCurve{measured->second});
  }
  return known;
}

GemmCurve GpuTimings::interpolate(const Shape& shape) const {
  std::set<double> all_rows;
  std::set<int> inner_dims;
  std::set<int> columns;
  for (const auto& [measured, curve] : gemms_) {
    inner_dims.insert(measured.first);
    columns.insert(measured.second);
    for (const MeasuredCurve::Point& point : curve.points()) {
      all_rows.insert(point.size);
    }
  }
  Points points;
  for (const double rows : all_rows) {
    double sum = 0;
    double weights = 0;
    for (const auto& [measured, curve] : gemms_) {
      if (rows < curve.smallest() || rows > curve.largest()) {
        continue;
      }
      const double inner_step = std::log(static_cast<double>(measured.first) / shape.first);
      const double column_step = std::log(static_cast<double>(measured.second) / shape.second);
      const double squared = inner_step * inner_step + column_step * column_step;
      const double weight = 1 / (squared * squared);
      sum += weight * std::log(curve.time_s(rows) / roofline_s(rows, measured));
      weights += weight;
    }
    points.push_back({rows, roofline_s(rows, shape) * std::exp(sum / weights)});
  }
  return {.by_rows = MeasuredCurve(std::move(points)),
          .beyond = std::max(factor_outside(shape.first, inner_dims),
                             factor_outside(shape.second, columns))};
}

LinkTimings::LinkTimings(const MeasuredProfile& profile) {
  std::map<int, Points> all_reduces;
  for (const AllReduceTiming& timing : profile.all_reduces) {
    if (timing.carrier.chosen) {
      all_reduces[timing.tp_degree].push_back({timing.bytes, timing.time.median_s});
    }
  }
  all_reduces_ = curves_of(all_reduces);
  std::map<std::pair<int, int>, Points> pairs;
  for (const TransferTiming& timing : profile.transfers) {
    if (timing.carrier.chosen) {
      pairs[{timing.from, timing.to}].push_back({timing.bytes, timing.time.median_s});
    }
  }
  for (const auto& [pair, curve] : curves_of(pairs)) {
    if (!transfer_ || curve.points().back().time_s > transfer_->points().back().time_s) {
      transfer_ = curve;
    }
  }
}

const MeasuredCurve* LinkTimings::all_reduce(int tp_degree) const {
  const auto found = all_reduces_.find(tp_degree);
  return found == all_reduces_.end() ? nullptr : &found->second;
}

}  // namespace hexgen
