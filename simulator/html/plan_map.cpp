#include "simulator/html/plan_map.h"

#include <algorithm>

#include "cost_models/communication.h"
#include "cost_models/memory.h"
#include "cost_models/plan_text.h"
#include "cost_models/text_table.h"
#include "profiles/units.h"
#include "simulator/bottleneck.h"
#include "simulator/html/page.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

std::string count_of(std::int64_t count, const std::string& noun) {
  return with_thousands(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string layers_of(const Stage& stage) {
  const std::string first = std::to_string(stage.first_layer);
  const std::string last = std::to_string(stage.first_layer + stage.num_layers - 1);
  return first == last ? first : first + "-" + last;
}

double mean_ms(double sum_s, std::int64_t count) {
  return count > 0 ? sum_s / static_cast<double>(count) / kMilli : 0;
}

/// One pipeline of the plan with what the run says of it.
struct PipelineView {
  PipelineView(const RunReport& report, const PlanFile& file, std::size_t index)
      : cluster(file.cluster),
        pipeline(file.plan.pipelines()[index]),
        busy(report.metrics.stage_utilisation[index]),
        use(report.series.use[index]),
        memory(pipeline_memory(file.model, file.cluster, pipeline)),
        bottleneck(bottleneck_of(report.system.replicas[index], busy, use)) {}

  const Stage& next_of(std::size_t stage) const {
    return pipeline.stages[(stage + 1) % pipeline.stages.size()];
  }

  /// The stage with the least room for KV, which is the pipeline's.
  std::size_t fullest_stage() const {
    const auto fullest =
        std::min_element(memory.begin(), memory.end(), [](const auto& a, const auto& b) {
          return a.kv_capacity_tokens() < b.kv_capacity_tokens();
        });
    return static_cast<std::size_t>(fullest - memory.begin());
  }

  const Cluster& cluster;
  const PipelineGroup& pipeline;
  const std::vector<double>& busy;
  const ReplicaUse& use;
  std::vector<StageMemory> memory;
  Bottleneck bottleneck;
};

/// The class of what sets the pace: hot when requests wait for it.
std::string mark(const PipelineView& view, Bottleneck::Kind kind, std::size_t stage) {
  const bool fullest = view.bottleneck.kind == Bottleneck::Kind::kKvCache &&
                       kind == Bottleneck::Kind::kStage && stage == view.fullest_stage();
  if (!fullest && (view.bottleneck.kind != kind || view.bottleneck.stage != stage)) {
    return "";
  }
  return view.bottleneck.holds_back ? " hot" : " pace";
}

std::string stage_box(const PipelineView& view, std::size_t s) {
  const Stage& stage = view.pipeline.stages[s];
  return std::string("<div class=\"stage") + mark(view, Bottleneck::Kind::kStage, s) +
         "\"><div class=\"gpus\">" + escape(gpus_of(view.cluster, stage)) + "</div><div>layers " +
         layers_of(stage) + " (" + std::to_string(stage.num_layers) + "), TP " +
         std::to_string(stage.tp_degree()) + "</div><div class=\"where\">" +
         escape(place_of(view.cluster, stage)) +
         "</div><div class=\"bar\"><span style=\"width:" + fixed(100 * view.busy[s], 1) +
         "%\"></span></div><div>busy " + escape(percent(view.busy[s])) + "</div></div>\n";
}

std::string link_arrow(const PipelineView& view, std::size_t s) {
  const LeaderPair leaders =
      leader_pair(view.cluster, view.pipeline.stages[s].devices, view.next_of(s).devices);
  const Link& link = view.cluster.link(leaders.from_device, leaders.to_device);
  return std::string("<div class=\"link") + mark(view, Bottleneck::Kind::kHandOffs, s) +
         "\"><span class=\"arrow\">&#8594;</span>" + number(link.bandwidth_bytes_per_s / kGiga) +
         " GB/s, " + number(link.latency_s / kMilli) + " ms<br>hand-off " +
         number(mean_ms(view.use.hand_off_s[s], view.use.served[s])) + " ms</div>\n";
}

std::string pipeline_facts(const PipelineView& view, double total_weight) {
  return percent(view.pipeline.weight / total_weight) + " of the weights, " +
         count_of(view.pipeline.max_batch, "place") + ", KV cache " +
         with_thousands(view.pipeline.kv_capacity_tokens) + " tokens, " +
         percent(view.use.kv_utilisation) + " in use";
}

std::string pipeline_box(const PipelineView& view, double total_weight, bool saturated) {
  std::string html = std::string("<div class=\"pipeline") +
                     (view.pipeline.stages.size() > 2 ? " wide" : "") + "\"><h3>" +
                     escape(view.pipeline.name) + "</h3><span class=\"facts\">" +
                     escape(pipeline_facts(view, total_weight)) + "</span>\n<p class=\"" +
                     (saturated || view.bottleneck.holds_back ? "bad" : "") + "\"><b>" +
                     (saturated                    ? "Saturated, held back by: "
                      : view.bottleneck.holds_back ? "Held back by: "
                                                   : "Pace set by: ") +
                     "</b>" + escape(view.bottleneck.reason) + ".</p>\n<div class=\"stages\">\n";
  for (std::size_t s = 0; s < view.pipeline.stages.size(); ++s) {
    html += stage_box(view, s);
    if (s + 1 < view.pipeline.stages.size()) {
      html += link_arrow(view, s);
    }
  }
  return html + "</div></div>\n";
}

std::string stage_row(const PipelineView& view, std::size_t s) {
  const Stage& stage = view.pipeline.stages[s];
  const bool several = view.pipeline.stages.size() > 1;
  const std::string marked = mark(view, Bottleneck::Kind::kStage, s);
  const double busy_s = view.busy[s] * view.use.duration_s;
  const auto fullest = view.memory[s].kv_capacity_tokens();
  return "<tr>" + cell(s == 0 ? view.pipeline.name : "", "left") + cell(std::to_string(s)) +
         cell(gpus_of(view.cluster, stage), "left") + cell(place_of(view.cluster, stage), "left") +
         cell(layers_of(stage)) + cell(percent(view.busy[s]), marked.c_str()) +
         cell(with_thousands(view.use.served[s])) +
         cell(number(mean_ms(busy_s, view.use.served[s]))) +
         cell(several ? number(mean_ms(view.use.hand_off_s[s], view.use.served[s])) : "-") +
         cell(with_thousands(fullest)) + "</tr>\n";
}

}  // namespace

std::string plan_map(const RunReport& report, const PlanFile& file) {
  std::string html =
      section("The plan and what limits it",
              "Every pipeline holds the whole model; its stages follow each other from left to "
              "right. Arrows: bandwidth and latency of the link that a hand-off takes, and the "
              "time that hand-offs took on average. Marked is the stage or link that sets the pace "
              "of a pipeline, or that "
              "has the least KV room when the KV cache does; in "
              "red when at least one request waited for it on average. A stage is busy whenever "
              "it has work, so a busy one may still take more requests in larger batches.");
  const auto& pipelines = file.plan.pipelines();
  const bool single_stages = std::all_of(
      pipelines.begin(), pipelines.end(), [](const auto& p) { return p.stages.size() == 1; });
  html += std::string("<div class=\"pipelines") + (single_stages ? " single" : "") + "\">\n";
  double total_weight = 0;
  for (const PipelineGroup& pipeline : pipelines) {
    total_weight += pipeline.weight;
  }
  const auto& saturated = report.metrics.saturated_replicas;
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    const PipelineView view(report, file, p);
    const bool is_saturated =
        std::find(saturated.begin(), saturated.end(), view.pipeline.name) != saturated.end();
    html += pipeline_box(view, total_weight, is_saturated);
  }
  return html + "</div>\n";
}

std::string stage_table(const RunReport& report, const PlanFile& file) {
  std::string html =
      section("Stages",
              "Iteration and hand-off: mean times of one micro-batch. KV room: tokens for which "
              "the stage has memory; the smallest of a pipeline is its KV cache.") +
      "<div class=\"scroll\"><table>\n" +
      header_row({"<pipeline",
                  "stage",
                  "<GPUs",
                  "<where",
                  "layers",
                  "busy",
                  "iterations",
                  "iteration ms",
                  "hand-off ms",
                  "KV room"});
  for (std::size_t p = 0; p < file.plan.pipelines().size(); ++p) {
    const PipelineView view(report, file, p);
    for (std::size_t s = 0; s < view.pipeline.stages.size(); ++s) {
      html += stage_row(view, s);
    }
  }
  return html + "</table></div>\n";
}

}  // namespace hexgen::html
