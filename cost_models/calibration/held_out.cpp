#include "cost_models/calibration/held_out.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <set>
#include <utility>

#include "profiles/catalogue.h"
#include "profiles/errors.h"
#include "profiles/profile_fit.h"
#include "profiles/timings.h"

namespace hexgen {
namespace {

/// Predictions of one timing beside it.
struct Prediction {
  double measured_s = 0;
  double interpolated_s = 0;
  double constant_s = 0;
};

ErrorSummary summary(const std::vector<Prediction>& predictions, double Prediction::*predicted_s) {
  std::vector<double> errors;
  for (const Prediction& prediction : predictions) {
    errors.push_back(std::abs(prediction.*predicted_s / prediction.measured_s - 1));
  }
  std::sort(errors.begin(), errors.end());
  const auto nearest_rank = [&](double percent) {
    const double rank = std::ceil(percent / 100 * static_cast<double>(errors.size()));
    return errors[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  return {.rows = errors.size(), .median = nearest_rank(50), .p90 = nearest_rank(90)};
}

/// Every other value, never the first or the last.
template <typename Value>
std::set<Value> every_other(const std::set<Value>& values) {
  std::set<Value> others;
  std::size_t index = 0;
  for (const Value& value : values) {
    if (index++ % 2 == 1 && index < values.size()) {
      others.insert(value);
    }
  }
  return others;
}

/// The timings without those that `left_out` says, and those.
template <typename Timings, typename LeftOut>
std::pair<Timings, Timings> split(const Timings& timings, const LeftOut& left_out) {
  std::pair<Timings, Timings> parts;
  for (const auto& timing : timings) {
    (left_out(timing) ? parts.second : parts.first).push_back(timing);
  }
  return parts;
}

class HeldOut {
 public:
  explicit HeldOut(const MeasuredProfile& profile)
      : profile_(profile),
        type_(catalogue_.gpu(profile.gpus.front().name).type),
        base_(catalogue_.link(catalogue_.gpu(profile.gpus.front().name).usual_link)) {
    if (const int limit = profile.gpus.front().sm_limit; limit > 0) {
      type_.name += ", " + std::to_string(limit) + " multiprocessors";
    }
  }

  std::vector<HeldOutError> errors() {
    add_gemms();
    add_by_size(
        "decode attention",
        "every other amount of KV cache",
        &GpuMeasurement::attention,
        &AttentionTiming::kv_bytes,
        [](const GpuTimings& timings) { return &timings.attention(); },
        fit_attention);
    add_by_size(
        "prefill attention",
        "every other number of FLOPs",
        &GpuMeasurement::prefill_attention,
        &PrefillAttentionTiming::flops,
        [](const GpuTimings& timings) { return timings.prefill_attention(); },
        fit_prefill_attention);
    add_by_size(
        "norms, RoPE, activation",
        "every other number of bytes",
        &GpuMeasurement::elementwise,
        &ElementwiseTiming::bytes,
        [](const GpuTimings& timings) { return timings.elementwise(); },
        fit_elementwise);
    add_links("all-reduce", &MeasuredProfile::all_reduces, predict_all_reduce);
    add_links("send/recv", &MeasuredProfile::transfers, predict_transfer);
    return std::move(errors_);
  }

 private:
  using Shape = std::pair<int, int>;

  static Shape shape_of(const GemmTiming& gemm) { return {gemm.inner_dim, gemm.columns}; }

  void add(const std::string& operator_name,
           const std::string& left_out,
           const std::vector<Prediction>& predictions) {
    errors_.push_back({.machine = type_.name,
                       .operator_name = operator_name,
                       .left_out = left_out,
                       .interpolated = summary(predictions, &Prediction::interpolated_s),
                       .by_constants = summary(predictions, &Prediction::constant_s)});
  }

  GpuType fitted_type(const std::vector<GpuMeasurement>& gpus) const {
    GpuType type = type_;
    type.efficiency = fit_efficiency(gpus, type_);
    return type;
  }

  void add_gemms() {
    std::set<int> rows;
    std::set<Shape> shapes;
    for (const GemmTiming& gemm : profile_.gpus.front().gemms) {
      rows.insert(gemm.rows);
      shapes.insert(shape_of(gemm));
    }
    const auto other_rows = every_other(rows);
    const auto other_shapes = every_other(shapes);
    add("GEMM", "every other number of rows", predict_gemms([&](const GemmTiming& gemm) {
          return other_rows.count(gemm.rows) > 0;
        }));
    add("GEMM", "every other matrix", predict_gemms([&](const GemmTiming& gemm) {
          return other_shapes.count(shape_of(gemm)) > 0;
        }));
  }

  std::vector<Prediction> predict_gemms(
      const std::function<bool(const GemmTiming&)>& left_out) const {
    std::vector<GpuMeasurement> kept = profile_.gpus;
    std::vector<GemmTiming> others;
    for (GpuMeasurement& gpu : kept) {
      auto parts = split(gpu.gemms, left_out);
      gpu.gemms = std::move(parts.first);
      others.insert(others.end(), parts.second.begin(), parts.second.end());
    }
    const GpuType type = fitted_type(kept);
    const GpuTimings timings(kept, type);
    const LinearFit weights = fit_weight_reads(kept);
    const double flops_per_s = type.efficiency.compute_fraction * type.dense_flops_per_s;
    std::vector<Prediction> predictions;
    for (const GemmTiming& gemm : others) {
      const double moved_bytes =
          gemm.weight_bytes() + 2.0 * gemm.rows * (gemm.inner_dim + gemm.columns);
      predictions.push_back(
          {.measured_s = gemm.time.median_s,
           .interpolated_s = timings.gemm(gemm.inner_dim, gemm.columns)->by_rows.time_s(gemm.rows),
           .constant_s = weights.fixed +
                         std::max(moved_bytes * weights.variable, gemm.flops() / flops_per_s)});
    }
    return predictions;
  }

  /// An operator whose curve is by one size.
  template <typename Timing, typename Curve, typename Fit>
  void add_by_size(const std::string& operator_name,
                   const std::string& left_out,
                   std::vector<Timing> GpuMeasurement::*list,
                   double (Timing::*size)() const,
                   const Curve& curve,
                   const Fit& fit) {
    std::set<double> sizes;
    for (const Timing& timing : profile_.gpus.front().*list) {
      sizes.insert((timing.*size)());
    }
    if (sizes.empty()) {
      return;
    }
    const auto other_sizes = every_other(sizes);
    std::vector<GpuMeasurement> kept = profile_.gpus;
    std::vector<Timing> others;
    for (GpuMeasurement& gpu : kept) {
      auto parts = split(
          gpu.*list, [&](const Timing& timing) { return other_sizes.count((timing.*size)()) > 0; });
      gpu.*list = std::move(parts.first);
      others.insert(others.end(), parts.second.begin(), parts.second.end());
    }
    const GpuTimings timings(kept, fitted_type(kept));
    const LinearFit line = fit(kept);
    std::vector<Prediction> predictions;
    for (const Timing& timing : others) {
      predictions.push_back({.measured_s = timing.time.median_s,
                             .interpolated_s = curve(timings)->time_s((timing.*size)()),
                             .constant_s = line.fixed + line.variable * (timing.*size)()});
    }
    add(operator_name, left_out, predictions);
  }

  static Prediction predict_all_reduce(const AllReduceTiming& timing,
                                       const LinkTimings& timings,
                                       const LinkType& link) {
    const double n = timing.tp_degree;
    const double bytes_per_s = link.all_reduce_fraction * link.link.bandwidth_bytes_per_s;
    return {.measured_s = timing.time.median_s,
            .interpolated_s = timings.all_reduce(timing.tp_degree)->time_s(timing.bytes),
            .constant_s = all_reduce_latency_steps(timing.tp_degree) * link.all_reduce_latency_s +
                          2 * (n - 1) / n * timing.bytes / bytes_per_s};
  }

  static Prediction predict_transfer(const TransferTiming& timing,
                                     const LinkTimings& timings,
                                     const LinkType& link) {
    return {.measured_s = timing.time.median_s,
            .interpolated_s = timings.transfer()->time_s(timing.bytes),
            .constant_s = link.link.transfer_s(timing.bytes)};
  }

  /// Every communicator as if it were chosen.
  template <typename Timing, typename Predict>
  void add_links(const std::string& operator_name,
                 std::vector<Timing> MeasuredProfile::*list,
                 const Predict& predict) {
    std::set<std::string> communicators;
    std::set<double> sizes;
    for (const Timing& timing : profile_.*list) {
      communicators.insert(timing.carrier.communicator);
      sizes.insert(timing.bytes);
    }
    const auto left_out = every_other(sizes);
    for (const std::string& communicator : communicators) {
      MeasuredProfile kept = profile_;
      std::vector<Timing> others;
      (kept.*list).clear();
      for (Timing timing : profile_.*list) {
        timing.carrier.chosen = timing.carrier.communicator == communicator;
        const bool other = timing.carrier.chosen && left_out.count(timing.bytes) > 0;
        (other ? others : kept.*list).push_back(timing);
      }
      const LinkTimings timings(kept);
      const LinkType link = fit_link(kept, base_);
      std::vector<Prediction> predictions;
      for (const Timing& timing : others) {
        predictions.push_back(predict(timing, timings, link));
      }
      add(operator_name + " (" + communicator + ")", "every other size", predictions);
    }
  }

  const MeasuredProfile& profile_;
  Catalogue catalogue_ = Catalogue::builtin();
  GpuType type_;
  LinkType base_;
  std::vector<HeldOutError> errors_;
};

std::string percent(double error) {
  std::string text = std::to_string(std::round(1000 * error) / 10);
  return text.substr(0, text.find('.') + 2);
}

}  // namespace

std::vector<HeldOutError> held_out_errors(const MeasuredProfile& profile) {
  if (profile.gpus.empty()) {
    throw InputError("--held-out: a profile between hosts has no GPU to leave timings out of");
  }
  return HeldOut(profile).errors();
}

void print_held_out(const std::vector<HeldOutError>& errors, std::ostream& out) {
  out << "| machine | operator | left out | timings | interpolated: median | p90 | by constants: "
         "median | p90 |\n|---|---|---|---|---|---|---|---|\n";
  for (const HeldOutError& error : errors) {
    out << "| " << error.machine << " | " << error.operator_name << " | " << error.left_out << " | "
        << error.interpolated.rows << " | " << percent(error.interpolated.median) << " | "
        << percent(error.interpolated.p90) << " | " << percent(error.by_constants.median) << " | "
        << percent(error.by_constants.p90) << " |\n";
  }
}

}  // namespace hexgen
