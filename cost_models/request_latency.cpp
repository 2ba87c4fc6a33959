#include <string>

#include "cost_models/stage_cost.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

double pass_s(const std::vector<StageCost>& stages, const BatchShape& shape) {
  double sum = 0;
  for (const StageCost& stage : stages) {
    sum += stage.iteration_s(shape) + stage.handoff_time_s(shape);
  }
  return sum;
}

void check_divides(int amount, int parts, const std::string& what, const std::string& split) {
  if (parts < 1 || amount % parts != 0) {
    throw InputError("slo.reference: " + std::to_string(amount) + " " + what +
                     " cannot be split evenly over " + split + " " + std::to_string(parts));
  }
}

}  // namespace

RequestLatency request_latency(const std::vector<StageCost>& stages,
                               double prompt_tokens,
                               double output_tokens,
                               double batch) {
  const BatchShape prefill = prefill_shape(prompt_tokens, batch);
  const double steps = output_tokens - 1;
  // Step k = 1 .. output_tokens - 1 sees prompt_tokens + k tokens, and its time is linear in k.
  const BatchShape decode = decode_shape(batch, prompt_tokens + output_tokens / 2);
  return {.prefill_s = pass_s(stages, prefill) - stages.back().handoff_time_s(prefill),
          .decode_s = steps * pass_s(stages, decode)};
}

std::vector<StageCost> reference_stages(const ModelSpec& model,
                                        const Cluster& reference_cluster,
                                        int tp_degree,
                                        int num_stages) {
  check_divides(model.num_layers, num_stages, "layers", "num_stages");
  check_divides(model.num_heads, tp_degree, "heads", "tp_degree");
  if (tp_degree * num_stages > reference_cluster.num_devices()) {
    throw InputError("slo.reference: tp_degree " + std::to_string(tp_degree) + " x num_stages " +
                     std::to_string(num_stages) + " is more than the " +
                     std::to_string(reference_cluster.num_devices()) + " reference devices");
  }
  const int layers = model.num_layers / num_stages;
  PipelineGroup pipeline;
  for (int s = 0; s < num_stages; ++s) {
    Stage stage = {.first_layer = s * layers, .num_layers = layers};
    for (int d = 0; d < tp_degree; ++d) {
      stage.devices.push_back(s * tp_degree + d);
    }
    pipeline.stages.push_back(std::move(stage));
  }
  return pipeline_cost(model, reference_cluster, pipeline);
}

RequestLatency reference_latency(const ModelSpec& model,
                                 const Cluster& reference_cluster,
                                 int tp_degree,
                                 int num_stages,
                                 double prompt_tokens,
                                 double output_tokens) {
  return request_latency(reference_stages(model, reference_cluster, tp_degree, num_stages),
                         prompt_tokens,
                         output_tokens);
}

}  // namespace hexgen
