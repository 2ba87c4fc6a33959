#pragma once

#include <vector>

#include "cost_models/request_outcome.h"
#include "cost_models/stage_cost.h"
#include "profiles/slo.h"

namespace hexgen {

/// The limits of an SLO with what is needed to judge a request.
class ServiceLevel {
 public:
  /// `reference_stages` serve the reference deployment (cost_models/stage_cost.h,
  /// reference_stages()); they may be empty when nothing asks for normalised latencies. Throws
  /// InputError when the SLO has a scale and there are none.
  ServiceLevel(const Slo& slo, std::vector<StageCost> reference_stages);

  /// The same with another SLO scale; needs a reference.
  ServiceLevel with_scale(double scale) const;

  const Slo& slo() const { return slo_; }

  bool has_reference() const { return !reference_stages_.empty(); }

  /// Latency of a request alone on the reference deployment, seconds.
  double reference_s(int prompt_tokens, int output_tokens) const;

  /// E2E latency as a multiple of reference_s(); infinite for a request that did not complete.
  double normalised_latency(const RequestOutcome& request) const;

  /// The longest E2E latency with which a request of these lengths can meet the SLO; without a
  /// limit that implies one, 0.
  double time_allowed_s(int prompt_tokens, int output_tokens) const;

  /// reference_s() where the limits depend on it, 0 elsewhere.
  double unit_s(int prompt_tokens, int output_tokens) const {
    return slo_.scale ? reference_s(prompt_tokens, output_tokens) : 0;
  }

  bool has_limits() const;

  /// The smallest factor by which all limits would have to be multiplied for the request to meet
  /// them; infinite for a request that did not complete, 0 without limits.
  double limit_factor(const RequestOutcome& request) const;

  /// True when the request completed within all limits.
  bool met_by(const RequestOutcome& request) const {
    return met_by(request, unit_s(request.prompt_tokens, request.output_tokens));
  }

  /// The same for who remembers the request's unit_s(), which takes longest to compute.
  bool met_by(const RequestOutcome& request, double unit_s) const;

 private:
  Slo slo_;
  std::vector<StageCost> reference_stages_;
};

/// With the reference deployment that the SLO names, on machines of the built-in catalogue, when
/// the SLO has a scale. Throws InputError when the catalogue does not know the GPU type or the
/// model cannot be split so.
ServiceLevel make_service_level(const Slo& slo, const ModelSpec& model);

}  // namespace hexgen
