#include "planner/replan_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/text_table.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;
using Align = TextTable::Align;

const char* name_of(PipelineFate fate) {
  switch (fate) {
    case PipelineFate::kKept:
      return "kept";
    case PipelineFate::kChanged:
      return "changed";
    case PipelineFate::kNew:
      return "new";
    case PipelineFate::kDropped:
      break;
  }
  return "dropped";
}

std::string gb(double bytes) {
  return fixed(bytes / kGiga, 2);
}

std::vector<std::string> names_with(const Replanned& replanned, PipelineFate fate) {
  std::vector<std::string> names;
  for (const PipelineChange& change : replanned.changes) {
    if (change.fate == fate) {
      names.push_back(change.name);
    }
  }
  return names;
}

std::string node_name(const ReplanReport& report, int node) {
  return node < 0 ? "storage" : report.change.cluster.nodes()[static_cast<std::size_t>(node)].name;
}

std::string device_name(const ReplanReport& report, int usable) {
  return report.change.cluster.device_name(
      report.change.device_of_usable[static_cast<std::size_t>(usable)]);
}

void print_fates(const ReplanReport& report, std::ostream& out) {
  const auto print_names = [&](const char* title, const std::vector<std::string>& names) {
    if (!names.empty()) {
      out << title << ": " << join(names) << '\n';
    }
  };
  print_names("Lost", report.change.lost);
  print_names("Joined", report.change.joined);
  print_names("Kept as they are", names_with(report.replanned, PipelineFate::kKept));
  print_names("Dropped", names_with(report.replanned, PipelineFate::kDropped));
  for (const PipelineChange& change : report.replanned.changes) {
    if (change.fate == PipelineFate::kChanged || change.fate == PipelineFate::kNew) {
      out << (change.fate == PipelineFate::kNew ? "New" : "Changed") << ": " << change.name
          << " loads " << gb(change.bytes) << " GB\n";
    }
  }
}

void print_loads(const ReplanReport& report, std::ostream& out) {
  const WeightTransfer& transfer = report.replanned.transfer;
  if (transfer.loads.empty()) {
    out << "\nNothing is to be loaded.\n";
    return;
  }
  out << "\n"
      << gb(transfer.bytes) << " GB are to be loaded, "
      << fixed(transfer.bytes / copy_bytes(report.file.model), 2) << " copies of the model:\n\n";
  TextTable table({{"device", Align::kLeft}, {"GB"}, {"from", Align::kLeft}});
  for (const DeviceLoad& load : transfer.loads) {
    std::vector<std::string> sources;
    for (const LoadSource& source : load.sources) {
      sources.push_back(node_name(report, source.node) + " " + gb(source.bytes));
    }
    table.add_row({device_name(report, load.device), gb(load.bytes), join(sources)});
  }
  table.print(out, "  ");
  out << '\n';
  if (const NodeTransfer* slowest = transfer.slowest()) {
    out << "Slowest link: " << node_name(report, slowest->from_node) << " → "
        << node_name(report, slowest->to_node) << ", " << gb(slowest->bytes) << " GB in "
        << fixed(slowest->time_s, 1) << " s.\n";
  }
  if (transfer.bytes_from_storage > 0) {
    out << "No device that is left holds " << gb(transfer.bytes_from_storage)
        << " GB of it: they come from storage, which is not timed.\n";
  }
}

void print_service(const ReplanReport& report, std::ostream& out) {
  const std::vector<const ServiceForecast*> moments = {
      &report.before, &report.during, &report.after};
  TextTable table({{"", Align::kLeft}, {"before"}, {"during"}, {"after"}});
  const auto add = [&](const char* name,
                       std::optional<double> PlanPrediction::*value,
                       double factor,
                       int digits) {
    std::vector<std::string> row = {name};
    bool known = false;
    for (const ServiceForecast* moment : moments) {
      const auto shown = *moment ? (**moment).*value : std::nullopt;
      known = known || shown;
      row.push_back(shown ? fixed(factor * *shown, digits) : "-");
    }
    if (known) {
      table.add_row(std::move(row));
    }
  };
  add("% of requests within the SLO", &PlanPrediction::slo_attainment, 100, 1);
  add("requests/s within it", &PlanPrediction::goodput_per_s, 1, 3);
  add("lowest SLO scale", &PlanPrediction::slo_scale, 1, 2);
  add("$ per hour", &PlanPrediction::price_per_hour, 1, 2);
  out << '\n';
  table.print(out);
}

ordered_json service_json(const ServiceForecast& service) {
  if (!service) {
    return nullptr;
  }
  ordered_json json = ordered_json::object();
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) {
      json[key] = *value;
    }
  };
  add("slo_attainment", service->slo_attainment);
  add("goodput_per_s", service->goodput_per_s);
  add("slo_scale", service->slo_scale);
  add("price_per_hour", service->price_per_hour);
  return json;
}

ordered_json pipelines_json(const Replanned& replanned) {
  ordered_json pipelines = ordered_json::array();
  for (const PipelineChange& change : replanned.changes) {
    pipelines.push_back(
        {{"name", change.name}, {"fate", name_of(change.fate)}, {"load_bytes", change.bytes}});
  }
  return pipelines;
}

ordered_json loads_json(const ReplanReport& report) {
  ordered_json loads = ordered_json::array();
  for (const DeviceLoad& load : report.replanned.transfer.loads) {
    ordered_json sources = ordered_json::array();
    for (const LoadSource& source : load.sources) {
      sources.push_back({{"node", node_name(report, source.node)}, {"bytes", source.bytes}});
      if (source.node < 0) {
        sources.back()["node"] = nullptr;
      }
    }
    loads.push_back({{"device", device_name(report, load.device)},
                     {"bytes", load.bytes},
                     {"sources", std::move(sources)}});
  }
  return loads;
}

ordered_json transfers_json(const ReplanReport& report) {
  ordered_json transfers = ordered_json::array();
  for (const NodeTransfer& transfer : report.replanned.transfer.transfers) {
    transfers.push_back({{"from", node_name(report, transfer.from_node)},
                         {"to", node_name(report, transfer.to_node)},
                         {"bytes", transfer.bytes},
                         {"time_s", transfer.time_s}});
  }
  return transfers;
}

}  // namespace

void print_replan(const ReplanReport& report, std::ostream& out) {
  print_fates(report, out);
  print_loads(report, out);
  print_service(report, out);
}

std::string replan_json(const ReplanReport& report) {
  const WeightTransfer& transfer = report.replanned.transfer;
  const NodeTransfer* slowest = transfer.slowest();
  const ordered_json json = {{"format", "hexgen.replan/1"},
                             {"lost", report.change.lost},
                             {"joined", report.change.joined},
                             {"pipelines", pipelines_json(report.replanned)},
                             {"load_bytes", transfer.bytes},
                             {"storage_bytes", transfer.bytes_from_storage},
                             {"slowest_link_s", slowest == nullptr ? 0.0 : slowest->time_s},
                             {"loads", loads_json(report)},
                             {"transfers", transfers_json(report)},
                             {"service",
                              {{"before", service_json(report.before)},
                               {"during", service_json(report.during)},
                               {"after", service_json(report.after)}}},
                             {"evaluations", report.replanned.evaluations}};
  return json.dump(2) + "\n";
}

}  // namespace hexgen
