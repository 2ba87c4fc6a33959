#include "cost_models/request_report.h"

#include <nlohmann/json.hpp>

#include "profiles/units.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

void add_latency(ordered_json& json, const std::string& name, const Distribution& latency) {
  json["mean_" + name + "_ms"] = latency.mean_s / kMilli;
  json["median_" + name + "_ms"] = latency.median_s / kMilli;
  json["std_" + name + "_ms"] = latency.std_s / kMilli;
  json["p90_" + name + "_ms"] = latency.p90_s / kMilli;
  json["p99_" + name + "_ms"] = latency.p99_s / kMilli;
}

std::string name_of(RequestState state) {
  switch (state) {
    case RequestState::kCompleted:
      return "completed";
    case RequestState::kRejected:
      return "rejected";
    case RequestState::kFailed:
      return "failed";
    case RequestState::kInFlight:
      break;
  }
  return "in_flight";
}

}  // namespace

ordered_json provenance_to_json(const PlanProvenance& provenance) {
  ordered_json inputs = ordered_json::array();
  for (const PlanInput& input : provenance.inputs) {
    inputs.push_back({{"role", input.role}, {"name", input.name}, {"sha256", input.sha256}});
  }
  return {{"tool", provenance.tool},
          {"commit", provenance.commit},
          {"seed", provenance.seed},
          {"inputs", std::move(inputs)}};
}

ordered_json slo_to_json(const Slo& slo) {
  ordered_json json = ordered_json::object();
  const auto add = [&json](const char* key, const std::optional<double>& value, double unit) {
    if (value) {
      json[key] = *value / unit;
    }
  };
  add("ttft_ms", slo.ttft_s, kMilli);
  add("tpot_ms", slo.tpot_s, kMilli);
  add("e2e_ms", slo.e2e_s, kMilli);
  add("scale", slo.scale, 1.0);
  if (slo.scale) {
    json["reference"] = {{"gpu_type", slo.reference.gpu_type},
                         {"tp_degree", slo.reference.tp_degree},
                         {"num_stages", slo.reference.num_stages}};
  }
  return json;
}

ordered_json request_metrics_to_json(const RequestMetrics& metrics) {
  ordered_json json = {{"warmup_requests", metrics.warmup_requests},
                       {"arrived", metrics.requests},
                       {"completed", metrics.completed},
                       {"failed", metrics.failed},
                       {"rejected", metrics.rejected},
                       {"in_flight", metrics.in_flight},
                       {"retries", metrics.retries},
                       {"duration", metrics.duration_s},
                       {"total_input_tokens", metrics.prompt_tokens},
                       {"total_output_tokens", metrics.output_tokens},
                       {"request_throughput", metrics.requests_per_s},
                       {"request_goodput", metrics.goodput_per_s},
                       {"output_throughput", metrics.output_tokens_per_s},
                       {"total_token_throughput", metrics.total_tokens_per_s}};
  add_latency(json, "ttft", metrics.ttft);
  add_latency(json, "tpot", metrics.tpot);
  if (metrics.itl.count > 0) {
    add_latency(json, "itl", metrics.itl);
  }
  add_latency(json, "e2el", metrics.e2e);
  json["slo_attainment"] = metrics.slo_attainment;
  json["goodput_per_s"] = metrics.goodput_per_s;
  json["saturated_pipelines"] = metrics.saturated_replicas;
  json["max_concurrent_requests"] = metrics.max_concurrent_requests;
  return json;
}

ordered_json request_to_json(std::size_t index,
                             const RequestOutcome& request,
                             const std::string& pipeline) {
  ordered_json json = {{"request", index},
                       {"state", name_of(request.state)},
                       {"arrival_s", request.arrival_s()},
                       {"prompt_tokens", request.prompt_tokens},
                       {"output_tokens", request.output_tokens},
                       {"retries", request.retries}};
  if (request.completed()) {
    json["pipeline"] = pipeline;
    json["ttft_ms"] = request.ttft_s() / kMilli;
    json["tpot_ms"] = request.tpot_s() / kMilli;
    json["e2el_ms"] = request.e2e_s() / kMilli;
  }
  return json;
}

}  // namespace hexgen
