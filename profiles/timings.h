#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "profiles/gpu_type.h"
#include "profiles/measured_curve.h"
#include "profiles/measured_profile.h"

namespace hexgen {

/// Time of one matrix product by its rows.
struct GemmCurve {
  MeasuredCurve by_rows;
  double beyond =
      1;  // how many times inner_dim or columns lie outside of all measured ones; 1: not
};

/// What was measured of the operators of one GPU type, ready to be looked up. Threads may share
/// one.
class GpuTimings {
 public:
  /// `type` gives the data sheet. Needs a GEMM and a timing of attention; throws InputError when
  /// GEMMs of few rows are too few or too alike to tell overhead and bandwidth apart.
  GpuTimings(const std::vector<GpuMeasurement>& gpus, const GpuType& type);

  /// A product of 16-bit values. Shapes that were measured are looked up. For others every measured
  /// shape says how many times slower it is than overhead plus roofline, at each number of rows;
  /// their mean on a logarithmic scale counts, by distance^-4 in the logarithms of inner_dim and
  /// columns.
  std::shared_ptr<const GemmCurve> gemm(int inner_dim, int columns) const;

  /// One decode step of attention in one layer by the bytes of KV cache that it reads: heads,
  /// sequences and contexts of equal bytes take almost equal times.
  const MeasuredCurve& attention() const { return attention_; }

  /// Attention of the prompts of an iteration in one layer, by FLOPs. Null: not measured.
  const MeasuredCurve* prefill_attention() const { return pointer(prefill_attention_); }

  /// Norms, RoPE with KV append and activation of one layer, by the bytes that they move. Null: not
  /// measured.
  const MeasuredCurve* elementwise() const { return pointer(elementwise_); }

  /// One empty kernel inside a CUDA graph.
  double graph_launch_s() const { return graph_launch_s_; }

 private:
  using Shape = std::pair<int, int>;  // inner_dim, columns

  static const MeasuredCurve* pointer(const std::optional<MeasuredCurve>& curve) {
    return curve ? &*curve : nullptr;
  }

  double roofline_s(double rows, const Shape& shape) const;
  GemmCurve interpolate(const Shape& shape) const;

  std::map<Shape, MeasuredCurve> gemms_;
  MeasuredCurve attention_;
  std::optional<MeasuredCurve> prefill_attention_;
  std::optional<MeasuredCurve> elementwise_;
  double graph_launch_s_ = 0;
  double overhead_s_ = 0;
  double bytes_per_s_ = 0;
  double flops_per_s_ = 0;
  mutable std::mutex mutex_;
  mutable std::map<Shape, std::shared_ptr<const GemmCurve>> known_;  // guarded by mutex_
};

/// What was measured between the GPUs of one machine, over the communicators that --communicator
/// auto chooses.
class LinkTimings {
 public:
  /// Of the pairs the slowest counts, by the time of its largest transfer.
  explicit LinkTimings(const MeasuredProfile& profile);

  /// By bytes; null when this many GPUs were not measured.
  const MeasuredCurve* all_reduce(int tp_degree) const;

  /// From one GPU to another, by bytes; null when none was measured.
  const MeasuredCurve* transfer() const { return transfer_ ? &*transfer_ : nullptr; }

 private:
  std::map<int, MeasuredCurve> all_reduces_;  // by TP degree
  std::optional<MeasuredCurve> transfer_;
};

/// What was measured between two machines.
struct NodeTimings {
  MeasuredCurve transfer;                   // from GPU to GPU, by bytes
  std::optional<MeasuredCurve> all_reduce;  // of one GPU of each, by bytes
  std::optional<double> message_s;          // a small one from process to process
};

}  // namespace hexgen
