#pragma once

#include "cost_models/objective.h"
#include "cost_models/plan.h"

namespace hexgen {

/// What the search needs of a cost model or simulator. Thread-safe: called from many threads on one
/// object.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual Objective evaluate(const Plan& plan) const = 0;
};

}  // namespace hexgen
