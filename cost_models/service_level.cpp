#include "cost_models/service_level.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "profiles/catalogue.h"
#include "profiles/errors.h"

namespace hexgen {

ServiceLevel::ServiceLevel(const Slo& slo, std::vector<StageCost> reference_stages)
    : slo_(slo),
      reference_stages_(std::move(reference_stages)) {
  if (slo_.scale && !has_reference()) {
    throw InputError("slo.scale: needs a reference deployment");
  }
}

ServiceLevel ServiceLevel::with_scale(double scale) const {
  Slo slo = slo_;
  slo.scale = scale;
  return {slo, reference_stages_};
}

double ServiceLevel::reference_s(int prompt_tokens, int output_tokens) const {
  return request_latency(reference_stages_, prompt_tokens, output_tokens).total_s();
}

double ServiceLevel::normalised_latency(const RequestOutcome& request) const {
  return request.completed()
             ? request.e2e_s() / reference_s(request.prompt_tokens, request.output_tokens)
             : std::numeric_limits<double>::infinity();
}

double ServiceLevel::time_allowed_s(int prompt_tokens, int output_tokens) const {
  double allowed = std::numeric_limits<double>::infinity();
  if (slo_.ttft_s && slo_.tpot_s) {
    allowed = *slo_.ttft_s + *slo_.tpot_s * (output_tokens - 1);
  }
  if (slo_.e2e_s) {
    allowed = std::min(allowed, *slo_.e2e_s);
  }
  if (slo_.scale) {
    allowed = std::min(allowed, *slo_.scale * reference_s(prompt_tokens, output_tokens));
  }
  return std::isfinite(allowed) ? allowed : 0;
}

bool ServiceLevel::has_limits() const {
  return slo_.ttft_s || slo_.tpot_s || slo_.e2e_s || slo_.scale;
}

double ServiceLevel::limit_factor(const RequestOutcome& request) const {
  if (!request.completed()) {
    return std::numeric_limits<double>::infinity();
  }
  double factor = 0;
  const auto raise = [&factor](const std::optional<double>& limit, double value) {
    if (limit && value > 0) {
      factor = std::max(factor, value / *limit);
    }
  };
  raise(slo_.ttft_s, request.ttft_s());
  raise(slo_.tpot_s, request.tpot_s());
  raise(slo_.e2e_s, request.e2e_s());
  if (slo_.scale) {
    raise(slo_.scale, normalised_latency(request));
  }
  return factor;
}

bool ServiceLevel::met_by(const RequestOutcome& request, double unit_s) const {
  return request.completed() && !(slo_.ttft_s && request.ttft_s() > *slo_.ttft_s) &&
         !(slo_.tpot_s && request.tpot_s() > *slo_.tpot_s) &&
         !(slo_.e2e_s && request.e2e_s() > *slo_.e2e_s) &&
         !(slo_.scale && request.e2e_s() / unit_s > *slo_.scale);
}

ServiceLevel make_service_level(const Slo& slo, const ModelSpec& model) {
  if (!slo.scale) {
    return {slo, {}};
  }
  const ReferenceDeployment& reference = slo.reference;
  const Cluster cluster = one_node_cluster(
      Catalogue::builtin(), reference.gpu_type, reference.tp_degree * reference.num_stages);
  return {slo, reference_stages(model, cluster, reference.tp_degree, reference.num_stages)};
}

}  // namespace hexgen
