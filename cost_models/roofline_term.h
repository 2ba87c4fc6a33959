#pragma once

#include <algorithm>
#include <memory>

#include "profiles/measured_curve.h"

namespace hexgen {

class MeasuredRatio;

/// One operator over all layers of a stage: time = max(weights_s + memory_s_per_row * rows,
/// compute_s_per_row * rows), times what measurements say of it.
struct RooflineTerm {
  double weights_s = 0;                           // reading the weights once
  double memory_s_per_row = 0;                    // reading and writing activations
  double compute_s_per_row = 0;                   // FLOPs
  std::shared_ptr<const MeasuredRatio> measured;  // null: nothing was measured

  // Inline as the simulator's inner loop asks for little else.
  double roofline_s(double rows) const {
    return std::max(weights_s + memory_s_per_row * rows, compute_s_per_row * rows);
  }

  double time_s(double rows) const;
};

/// How many times slower than its model one operator was measured. Inside the measured range model
/// times ratio is the measured time. Above it the ratio of the largest size stays, so that the
/// model goes on from the last measurement; below it the time of the smallest size stays.
class MeasuredRatio {
 public:
  /// `curve` holds times of the operator by size; one row has `size_per_row` of it. `model` is the
  /// roofline of exactly what was measured, above 0 for any rows. `shape_beyond`:
  /// GemmCurve::beyond.
  MeasuredRatio(MeasuredCurve curve,
                double size_per_row,
                const RooflineTerm& model,
                double shape_beyond = 1);

  /// For rows above 0.
  double at(double rows) const;

  /// The smallest ratio of all: between two points it is never less than at both, as the curve is a
  /// straight line there and a roofline is convex.
  double least() const;

  /// How many times `rows` lie outside of the measured range; 1 when they do not.
  double rows_beyond(double rows) const;

  double shape_beyond() const { return shape_beyond_; }

 private:
  MeasuredCurve curve_;
  double size_per_row_ = 1;
  RooflineTerm model_;
  double shape_beyond_ = 1;
};

inline double RooflineTerm::time_s(double rows) const {
  return measured && rows > 0 ? roofline_s(rows) * measured->at(rows) : roofline_s(rows);
}

}  // namespace hexgen
