#include "cost_models/extrapolation.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "cost_models/text_table.h"

namespace hexgen {
namespace {

constexpr std::array<const char*, 4> kGemms = {
    "q/k/v projection", "output projection", "gate/up projection", "down projection"};

/// Calls `note(name, ratio, rows)` for every measured operator of the iteration.
template <typename Note>
void for_each_measured(const StageCost& cost, const BatchShape& shape, const Note& note) {
  const auto visit = [&](const char* name, const MeasuredRatio* measured, double rows) {
    if (measured != nullptr && rows > 0) {
      note(name, *measured, rows);
    }
  };
  for (std::size_t g = 0; g < kGemms.size(); ++g) {
    visit(kGemms[g], cost.gemms[g].measured.get(), shape.new_tokens);
  }
  visit("LM head", cost.lm_head.measured.get(), shape.logit_rows);
  visit("norms, RoPE, activation", cost.measured_elementwise.get(), shape.new_tokens);
  visit("prefill attention", cost.measured_prefill.get(), shape.prefill_pairs);
  visit("decode attention", cost.measured_kv_read.get(), shape.kv_read_tokens);
  visit("all-reduce", cost.measured_all_reduce.get(), shape.new_tokens);
  visit("hand-off", cost.measured_handoff.get(), shape.new_tokens);
}

void keep_farthest(Extrapolation extrapolation, std::vector<Extrapolation>& found) {
  if (extrapolation.factor <= 1) {
    return;
  }
  const auto known = std::find_if(found.begin(), found.end(), [&](const Extrapolation& other) {
    return other.what == extrapolation.what && other.shape == extrapolation.shape;
  });
  if (known == found.end()) {
    found.push_back(std::move(extrapolation));
  } else {
    known->factor = std::max(known->factor, extrapolation.factor);
  }
}

}  // namespace

double farthest_outside(const StageCost& cost, const BatchShape& shape) {
  double farthest = 1;
  for_each_measured(cost, shape, [&](const char*, const MeasuredRatio& measured, double rows) {
    farthest = std::max(farthest, measured.rows_beyond(rows));
  });
  return farthest;
}

bool has_measured_operator(const StageCost& cost) {
  bool found = false;
  const BatchShape everything = {.new_tokens = 2,
                                 .logit_rows = 2,
                                 .kv_read_tokens = 1,
                                 .prefill_pairs = 1,
                                 .prefill_tokens = 1};
  for_each_measured(
      cost, everything, [&](const char*, const MeasuredRatio&, double) { found = true; });
  return found;
}

void note_extrapolations(const StageCost& cost,
                         const BatchShape& shape,
                         std::vector<Extrapolation>& found) {
  for_each_measured(cost, shape, [&](const char* name, const MeasuredRatio& measured, double rows) {
    keep_farthest({.what = name, .factor = measured.rows_beyond(rows)}, found);
    keep_farthest({.what = name, .factor = measured.shape_beyond(), .shape = true}, found);
  });
}

std::vector<Extrapolation> plan_extrapolations(const ModelSpec& model,
                                               const Cluster& cluster,
                                               const Plan& plan,
                                               double prompt_tokens,
                                               double output_tokens) {
  std::vector<Extrapolation> found;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const StageCost& cost : pipeline_cost(model, cluster, pipeline)) {
      note_extrapolations(cost, prefill_shape(prompt_tokens), found);
      note_extrapolations(cost, decode_shape(1, prompt_tokens), found);
      note_extrapolations(
          cost, decode_shape(pipeline.max_batch, prompt_tokens + output_tokens), found);
    }
  }
  return found;
}

std::string describe(const std::vector<Extrapolation>& found) {
  std::string text;
  for (const Extrapolation& extrapolation : found) {
    text += (text.empty() ? "outside the measured range, extended by the model: " : ", ") +
            extrapolation.what + (extrapolation.shape ? " (matrix, " : " (") +
            fixed(extrapolation.factor, 1) + " times)";
  }
  return text;
}

void print_extrapolations(const std::vector<Extrapolation>& found, std::ostream& out) {
  if (!found.empty()) {
    out << "EXTRAPOLATED: " << describe(found) << ".\n";
  }
}

}  // namespace hexgen
