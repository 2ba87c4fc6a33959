#include "cost_models/plan_report.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

#include "cost_models/communication.h"
#include "cost_models/extrapolation.h"
#include "cost_models/memory.h"
#include "cost_models/number_sources.h"
#include "cost_models/plan_text.h"
#include "cost_models/price.h"
#include "cost_models/stage_cost.h"
#include "cost_models/text_table.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using Align = TextTable::Align;

std::string joined(const std::set<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : separator) + part;
  }
  return text;
}

/// Milliseconds with about three digits.
std::string ms(double seconds) {
  const double value = seconds / kMilli;
  return fixed(value, value < 10 ? 2 : value < 1000 ? 1 : 0);
}

std::string gib(double bytes) {
  return fixed(bytes / kGiB, 1);
}

/// Of the GPUs of one pipeline, each at its share of its node.
double price_of(const Cluster& cluster, const PipelineGroup& pipeline) {
  double price = 0;
  for (const Stage& stage : pipeline.stages) {
    for (const int device : stage.devices) {
      const Node& node = cluster.node_of(device);
      price += node.price_per_hour / node.gpus;
    }
  }
  return price;
}

/// What is shown of one pipeline.
struct PipelineView {
  const PipelineGroup& pipeline;
  const Cluster& cluster;
  std::vector<StageMemory> memory;
  std::vector<CostTerms> prefill;  // the sample request alone
  std::vector<CostTerms> decode;   // its average step
  RequestLatency alone;
  double full_batch_step_s = 0;  // one decode step of max_batch sample requests

  std::size_t num_stages() const { return pipeline.stages.size(); }

  template <typename Value>
  std::size_t worst_stage(Value value) const {
    std::size_t worst = 0;
    for (std::size_t s = 1; s < num_stages(); ++s) {
      worst = value(s) > value(worst) ? s : worst;
    }
    return worst;
  }
};

PipelineView make_view(const PlanFile& file,
                       const PipelineGroup& pipeline,
                       const SampleRequest& request) {
  const std::vector<StageCost> costs = pipeline_cost(file.model, file.cluster, pipeline);
  const double context = request.prompt_tokens + request.output_tokens / 2;
  const BatchShape prefill = prefill_shape(request.prompt_tokens);
  const BatchShape decode = decode_shape(1, context);
  const BatchShape full = decode_shape(pipeline.max_batch, context);
  PipelineView view = {
      .pipeline = pipeline,
      .cluster = file.cluster,
      .memory = pipeline_memory(file.model, file.cluster, pipeline),
      .alone = request_latency(costs, request.prompt_tokens, request.output_tokens)};
  for (const StageCost& cost : costs) {
    view.prefill.push_back(cost_terms(cost, prefill));
    view.decode.push_back(cost_terms(cost, decode));
    view.full_batch_step_s += cost.iteration_s(full) + cost.handoff_time_s(full);
  }
  return view;
}

std::string marks(const PipelineView& view, std::size_t stage) {
  const StageMemory& memory = view.memory[stage];
  if (memory.kv_capacity_tokens() < view.pipeline.kv_capacity_tokens) {
    return "◀ does not fit";
  }
  if (view.num_stages() == 1) {
    return "";
  }
  std::set<std::string> parts;
  if (stage == view.worst_stage([&](std::size_t s) { return view.decode[s].iteration_s(); })) {
    parts.insert("slowest");
  }
  if (stage == view.worst_stage([&](std::size_t s) {
        return -static_cast<double>(view.memory[s].kv_capacity_tokens());
      })) {
    parts.insert("least KV room");
  }
  return parts.empty() ? "" : "◀ " + joined(parts, ", ");
}

void print_stages(const PipelineView& view, std::ostream& out) {
  TextTable table({{"stage"},
                   {"where", Align::kLeft},
                   {"GPUs", Align::kLeft},
                   {"TP"},
                   {"layers"},
                   {"used/has GiB"},
                   {"KV tokens"},
                   {"prefill ms"},
                   {"decode ms"},
                   {"share"},
                   {"", Align::kLeft}});
  double step_s = 0;
  for (const CostTerms& terms : view.decode) {
    step_s += terms.iteration_s() + terms.handoff_s;
  }
  for (std::size_t s = 0; s < view.num_stages(); ++s) {
    const Stage& stage = view.pipeline.stages[s];
    const StageMemory& memory = view.memory[s];
    const double kv_bytes =
        memory.kv_bytes_per_token * static_cast<double>(view.pipeline.kv_capacity_tokens);
    const double used_bytes = memory.capacity_bytes - memory.free_bytes() + kv_bytes;
    table.add_row({std::to_string(s),
                   place_of(view.cluster, stage),
                   gpus_of(view.cluster, stage),
                   std::to_string(stage.tp_degree()),
                   std::to_string(stage.first_layer) + "-" +
                       std::to_string(stage.first_layer + stage.num_layers - 1),
                   gib(used_bytes) + "/" + gib(memory.capacity_bytes),
                   with_thousands(memory.kv_capacity_tokens()),
                   ms(view.prefill[s].iteration_s()),
                   ms(view.decode[s].iteration_s()),
                   fixed(100 * view.decode[s].iteration_s() / step_s, 0) + " %",
                   marks(view, s)});
  }
  table.print(out, "  ");
}

void print_handoffs(const PipelineView& view, std::ostream& out) {
  if (view.num_stages() == 1) {
    return;
  }
  TextTable table({{"hand-off", Align::kLeft},
                   {"between", Align::kLeft},
                   {"link ms"},
                   {"GB/s"},
                   {"prefill ms"},
                   {"decode ms"},
                   {"", Align::kLeft}});
  const std::size_t slowest =
      view.worst_stage([&](std::size_t s) { return view.decode[s].handoff_s; });
  for (std::size_t s = 0; s < view.num_stages(); ++s) {
    const std::size_t next = (s + 1) % view.num_stages();
    const LeaderPair leaders = leader_pair(
        view.cluster, view.pipeline.stages[s].devices, view.pipeline.stages[next].devices);
    const Link& link = view.cluster.link(leaders.from_device, leaders.to_device);
    table.add_row({std::to_string(s) + " → " + std::to_string(next),
                   view.cluster.device_name(leaders.from_device) + " → " +
                       view.cluster.device_name(leaders.to_device),
                   fixed(link.latency_s / kMilli, 3),
                   fixed(link.bandwidth_bytes_per_s / kGiga, 2),
                   ms(view.prefill[s].handoff_s),
                   ms(view.decode[s].handoff_s),
                   s == slowest ? "◀ slowest link" : ""});
  }
  table.print(out, "  ");
}

void add_terms(TextTable& table, std::size_t stage, const char* phase, const CostTerms& terms) {
  table.add_row({std::to_string(stage),
                 phase,
                 ms(terms.gemm_s),
                 ms(terms.attention_s),
                 ms(terms.lm_head_s),
                 ms(terms.elementwise_s),
                 ms(terms.overhead_s),
                 ms(terms.all_reduce_s),
                 ms(terms.iteration_s())});
}

void print_terms(const PipelineView& view, std::ostream& out) {
  TextTable table({{"stage"},
                   {"ms of", Align::kLeft},
                   {"GEMM"},
                   {"attention"},
                   {"LM head"},
                   {"elementwise"},
                   {"overhead"},
                   {"all-reduce"},
                   {"sum"}});
  for (std::size_t s = 0; s < view.num_stages(); ++s) {
    add_terms(table, s, "prefill", view.prefill[s]);
    add_terms(table, s, "decode step", view.decode[s]);
  }
  table.print(out, "  ");
}

void print_pipeline(const PipelineView& view,
                    double total_weight,
                    const SampleRequest& request,
                    std::ostream& out) {
  const PipelineGroup& pipeline = view.pipeline;
  out << "\nPipeline " << pipeline.name << ": " << fixed(100 * pipeline.weight / total_weight, 1)
      << " % of the requests, at most " << pipeline.max_batch << " at a time, KV for "
      << with_thousands(pipeline.kv_capacity_tokens) << " tokens, $"
      << fixed(price_of(view.cluster, pipeline), 2) << "/h\n\n";
  print_stages(view, out);
  out << '\n';
  print_handoffs(view, out);
  out << (view.num_stages() > 1 ? "\n" : "");
  print_terms(view, out);
  const double steps = request.output_tokens - 1;
  out << "\n  One request alone: first token after " << ms(view.alone.prefill_s) << " ms, then "
      << ms(steps > 0 ? view.alone.decode_s / steps : 0) << " ms a token, "
      << fixed(view.alone.total_s(), 2) << " s in all.\n  " << pipeline.max_batch
      << " such requests decoding together: " << ms(view.full_batch_step_s) << " ms a token.\n";
}

void print_header(const PlanFile& file, const SampleRequest& request, std::ostream& out) {
  std::size_t devices = 0;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      devices += stage.devices.size();
    }
  }
  out << file.model.name << " on " << file.cluster.name() << ": " << file.plan.pipelines().size()
      << (file.plan.pipelines().size() == 1 ? " pipeline, " : " pipelines, ") << devices << " of "
      << file.cluster.num_devices() << " GPUs, $"
      << fixed(price_per_hour(file.plan, file.cluster), 2) << "/h (" << file.provenance.tool
      << ", commit " << file.provenance.commit << ", seed " << file.provenance.seed << ")\n"
      << "Times are predictions for requests of " << fixed(request.prompt_tokens, 0)
      << " prompt and " << fixed(request.output_tokens, 0) << " output tokens.\n";
}

void print_prediction(const PlanPrediction& predicted, std::ostream& out) {
  std::string text;
  const auto add = [&](const std::optional<double>& value, int digits, const char* name) {
    if (value) {
      text += (text.empty() ? "" : ", ") + fixed(*value, digits) + " " + name;
    }
  };
  const auto percent = predicted.slo_attainment
                           ? std::optional<double>(100 * *predicted.slo_attainment)
                           : std::nullopt;
  add(percent, 1, "% of requests within the SLO");
  add(predicted.goodput_per_s, 2, "requests/s within it");
  add(predicted.slo_scale, 2, "lowest SLO scale");
  add(predicted.upper_bound_per_s, 2, "requests/s upper bound");
  const std::optional<double> gap = gap_to_bound(predicted);
  add(gap ? std::optional<double>(100 * *gap) : std::nullopt, 1, "% gap to it");
  if (!text.empty()) {
    out << "The search expects: " << text << ".\n";
  }
}

/// Which GPU and link types have measured, fitted or default constants.
void print_origins(const PlanFile& file, std::ostream& out) {
  std::map<std::string, std::set<std::string>> names;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      for (const int device : stage.devices) {
        const GpuType& gpu = file.cluster.gpu_of(device);
        const LinkType& link = file.cluster.intra_link_of(file.cluster.device(device).node);
        names[gpu.efficiency.origin].insert(gpu.name);
        names[link.origin].insert(link.name);
      }
    }
  }
  out << "\nConstants behind these times:";
  const char* separator = " ";
  for (const auto& [origin, of_origin] : names) {
    out << separator << origin << " for " << joined(of_origin, ", ");
    separator = "; ";
  }
  out << ".\n";
}

}  // namespace

std::optional<double> gap_to_bound(const PlanPrediction& predicted) {
  if (!predicted.goodput_per_s || predicted.upper_bound_per_s.value_or(0) <= 0) {
    return std::nullopt;
  }
  return 1 - *predicted.goodput_per_s / *predicted.upper_bound_per_s;
}

void describe_plan(const PlanFile& file, const SampleRequest& request, std::ostream& out) {
  print_header(file, request, out);
  print_prediction(file.predicted, out);
  double total_weight = 0;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    total_weight += pipeline.weight;
  }
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    print_pipeline(make_view(file, pipeline, request), total_weight, request, out);
  }
  print_origins(file, out);
  print_number_sources(file, out);
  print_extrapolations(
      plan_extrapolations(
          file.model, file.cluster, file.plan, request.prompt_tokens, request.output_tokens),
      out);
}

}  // namespace hexgen
