#include "cost_models/number_sources.h"

#include <ostream>
#include <set>
#include <string>

#include "cost_models/text_table.h"
#include "profiles/timings.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// What "origin" says of constants.
std::string said_of(const std::string& origin) {
  if (origin == "measured") {
    return "fitted to a profile";
  }
  return origin == "fitted" ? "fitted to publications" : "catalogue";
}

void add_gpu(TextTable& table, const GpuType& gpu) {
  const GpuEfficiency& reached = gpu.efficiency;
  const std::string constants = said_of(reached.origin);
  const bool measured = gpu.timings != nullptr;
  const std::string memory = fixed(reached.memory_fraction, 2) + " of the bandwidth, ";
  const std::string compute = fixed(reached.compute_fraction, 2) + " of the peak, ";
  table.add_row(
      {gpu.name,
       "GEMMs, LM head",
       measured ? "measured, interpolated (16-bit weights)" : memory + compute + constants});
  table.add_row({"",
                 "decode attention",
                 measured
                     ? "measured, interpolated"
                     : fixed(reached.attention_fraction, 2) + " of the bandwidth, " + constants});
  const std::string interpolated = "measured, interpolated";
  const bool prefill = measured && gpu.timings->prefill_attention() != nullptr;
  table.add_row({"", "prefill attention", prefill ? interpolated : compute + constants});
  const bool elementwise = measured && gpu.timings->elementwise() != nullptr;
  table.add_row({"", "norms, RoPE, activation", elementwise ? interpolated : memory + constants});
  if (!elementwise) {
    table.add_row({"",
                   "launches of a layer",
                   measured ? "measured"
                            : fixed(reached.layer_overhead_s / kMicro, 1) + " us, " + constants});
  }
  table.add_row({"",
                 "a step besides",
                 reached.step_overhead_s == 0
                     ? "not counted"
                     : fixed(reached.step_overhead_s / kMicro, 1) + " us, " + constants});
  table.add_row({"", "memory, peak rates", "catalogue"});
}

void add_link(TextTable& table, const LinkType& link) {
  const std::string constants = said_of(link.origin);
  const std::string measured = "measured, else ";
  table.add_row({link.name,
                 "all-reduce",
                 (link.timings ? measured : "") + fixed(link.all_reduce_latency_s / kMicro, 1) +
                     " us a step, " + fixed(link.all_reduce_fraction, 2) + " of the link, " +
                     constants});
  table.add_row({"",
                 "hand-off in the node",
                 (link.timings ? measured : "") + fixed(link.link.latency_s / kMicro, 1) + " us, " +
                     fixed(link.link.bandwidth_bytes_per_s / kGiga, 0) + " GB/s, " + constants});
}

/// "measured between a and b, b and c, else "; empty for none.
std::string measured_pairs(const PlanFile& file) {
  const auto& nodes = file.cluster.nodes();
  std::string pairs;
  for (std::size_t a = 0; a < nodes.size(); ++a) {
    for (std::size_t b = a + 1; b < nodes.size(); ++b) {
      if (file.cluster.node_timings(static_cast<int>(a), static_cast<int>(b))) {
        pairs +=
            (pairs.empty() ? "measured between " : ", ") + nodes[a].name + " and " + nodes[b].name;
      }
    }
  }
  return pairs.empty() ? "" : pairs + ", else ";
}

}  // namespace

void print_number_sources(const PlanFile& file, std::ostream& out) {
  TextTable table({{"type", TextTable::Align::kLeft},
                   {"numbers", TextTable::Align::kLeft},
                   {"come from", TextTable::Align::kLeft}});
  std::set<std::string> named;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      for (const int device : stage.devices) {
        const GpuType& gpu = file.cluster.gpu_of(device);
        if (named.insert(gpu.name).second) {
          add_gpu(table, gpu);
        }
      }
    }
  }
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      const int node = file.cluster.device(stage.devices.front()).node;
      const LinkType& link = file.cluster.intra_link_of(node);
      if (file.cluster.nodes()[static_cast<std::size_t>(node)].gpus > 1 &&
          named.insert(link.name).second) {
        add_link(table, link);
      }
    }
  }
  out << '\n';
  table.print(out, "  ");
  out << "  Links between nodes: " << measured_pairs(file) << "as the cluster file says.\n";
}

}  // namespace hexgen
