#include "planner/rent_report.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/text_table.h"
#include "planner/prediction.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;
using Align = TextTable::Align;

struct RentedOffer {
  const Node& machine;
  std::string gpu_type;
  int count = 0;
  int available = 0;

  double price_per_hour() const { return count * machine.price_per_hour; }
};

/// The offers of which something is rented.
std::vector<RentedOffer> rented_offers(const RentReport& report) {
  const Cluster& machines = report.list.machines;
  std::vector<RentedOffer> offers;
  for (std::size_t k = 0; k < report.list.num_offers(); ++k) {
    const Node& machine = machines.nodes()[k];
    if (report.rented.machines[k] > 0) {
      offers.push_back(
          {.machine = machine,
           .gpu_type = machines.gpu_of(machines.first_device(static_cast<int>(k))).name,
           .count = report.rented.machines[k],
           .available = report.list.available[k]});
    }
  }
  return offers;
}

ordered_json counts_json(const PriceList& list, const std::vector<int>& machines) {
  ordered_json counts = ordered_json::object();
  for (std::size_t k = 0; k < machines.size(); ++k) {
    if (machines[k] > 0) {
      counts[list.machines.nodes()[k].name] = machines[k];
    }
  }
  return counts;
}

ordered_json tried_json(const RentReport& report) {
  ordered_json all = ordered_json::array();
  for (const TriedMix& mix : report.rented.tried) {
    all.push_back({{"machines", counts_json(report.list, mix.machines)},
                   {"price_per_hour", mix.price_per_hour},
                   {"expected_per_s", mix.expected_per_s},
                   {"score", mix.fitness.score}});
  }
  return all;
}

ordered_json service_json(const PlanPrediction& predicted) {
  ordered_json service = {{"slo_attainment", predicted.slo_attainment.value_or(0)}};
  if (predicted.goodput_per_s) {
    service["goodput_per_s"] = *predicted.goodput_per_s;
  }
  if (predicted.slo_scale) {
    service["slo_scale"] = *predicted.slo_scale;
  }
  return service;
}

}  // namespace

void print_rent(const RentReport& report, std::ostream& out) {
  TextTable table({{"offer", Align::kLeft},
                   {"region", Align::kLeft},
                   {"GPUs", Align::kLeft},
                   {"machines"},
                   {"available"},
                   {"$/h each"},
                   {"$/h"}});
  for (const RentedOffer& offer : rented_offers(report)) {
    table.add_row({offer.machine.name,
                   offer.machine.region,
                   std::to_string(offer.machine.gpus) + " x " + offer.gpu_type,
                   std::to_string(offer.count),
                   std::to_string(offer.available),
                   fixed(offer.machine.price_per_hour, 2),
                   fixed(offer.price_per_hour(), 2)});
  }
  table.print(out);
  out << "Together $" << fixed(report.rented.cluster.price_per_hour(), 2) << " per hour";
  if (report.budget_per_hour) {
    out << " of $" << fixed(*report.budget_per_hour, 2);
  }
  const std::size_t tried = report.rented.tried.size();
  out << ", " << tried << (tried == 1 ? " mix" : " mixes") << " tried\n"
      << describe_prediction(report.file) << '\n';
}

std::string rent_json(const RentReport& report) {
  ordered_json offers = ordered_json::array();
  for (const RentedOffer& offer : rented_offers(report)) {
    offers.push_back({{"offer", offer.machine.name},
                      {"region", offer.machine.region},
                      {"gpu_type", offer.gpu_type},
                      {"gpus", offer.machine.gpus},
                      {"machines", offer.count},
                      {"available", offer.available},
                      {"price_per_hour", offer.machine.price_per_hour},
                      {"total_per_hour", offer.price_per_hour()}});
  }
  ordered_json json = {{"format", "hexgen.rent/1"},
                       {"objective", report.file.predicted.objective.value_or("")},
                       {"offers", std::move(offers)},
                       {"price_per_hour", report.rented.cluster.price_per_hour()}};
  if (report.budget_per_hour) {
    json["budget_per_hour"] = *report.budget_per_hour;
  }
  json["service"] = service_json(report.file.predicted);
  json["tried"] = tried_json(report);
  json["evaluations"] = report.rented.evaluations;
  return json.dump(2) + "\n";
}

std::string describe_mix(const PriceList& list, const TriedMix& mix) {
  std::string text;
  for (std::size_t k = 0; k < mix.machines.size(); ++k) {
    if (mix.machines[k] > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(mix.machines[k]) + " x " +
              list.machines.nodes()[k].name;
    }
  }
  return text + " at $" + fixed(mix.price_per_hour, 2) + " per hour";
}

}  // namespace hexgen
