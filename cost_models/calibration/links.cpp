#include "cost_models/calibration/links.h"

#include <algorithm>
#include <numeric>

#include "cost_models/communication.h"
#include "profiles/csv_table.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

struct TransferRow {
  int gpus = 2;
  double bytes = 0;
  double measured_s = 0;
};

/// Rows of a Vidur network profile whose GPUs are all in one host.
std::vector<TransferRow> read_one_host(const std::string& path, const std::string& operation) {
  const CsvTable table = CsvTable::read(path);
  const std::size_t workers = table.column("num_workers");
  const std::size_t a_node = table.column("devices_per_node");
  const std::size_t size = table.column("size");
  const std::size_t median = table.column("time_stats." + operation + ".median");
  std::vector<TransferRow> rows;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.number(row, workers) == table.number(row, a_node)) {
      rows.push_back({static_cast<int>(table.number(row, workers)),
                      table.number(row, size),
                      table.number(row, median) * kMilli});
    }
  }
  return rows;
}

TransferCost all_reduce_in_node(const LinkType& link, int gpus) {
  const Node node = {.name = "node", .region = "here", .gpus = gpus};
  const Cluster cluster("calibration", {GpuType{.name = "any"}}, {link}, {node}, {Link{}});
  std::vector<int> devices(static_cast<std::size_t>(gpus));
  std::iota(devices.begin(), devices.end(), 0);
  return all_reduce_cost(cluster, devices);
}

DataSet transfer_set(const std::string& what,
                     bool fitted,
                     const std::vector<TransferRow>& rows,
                     double (*predict_s)(const LinkType&, const TransferRow&)) {
  DataSet set = {.source = "vidur", .what = what, .fitted = fitted};
  for (const TransferRow& row : rows) {
    set.measured_s.push_back(row.measured_s);
    set.size.push_back(row.bytes);
  }
  set.predict_s = [rows, predict_s](const Constants& constants) {
    std::vector<double> predicted_s;
    for (const TransferRow& row : rows) {
      predicted_s.push_back(predict_s(constants.link, row));
    }
    return predicted_s;
  };
  return set;
}

}  // namespace

std::vector<DataSet> read_vidur_all_reduce(const std::string& path,
                                           const std::vector<int>& numbers_of_gpus) {
  std::vector<TransferRow> small;
  std::vector<TransferRow> large;
  for (const TransferRow& row : read_one_host(path, "all_reduce")) {
    if (std::count(numbers_of_gpus.begin(), numbers_of_gpus.end(), row.gpus) > 0) {
      (row.bytes < kMiB ? small : large).push_back(row);
    }
  }
  const auto predict_s = [](const LinkType& link, const TransferRow& row) {
    return all_reduce_in_node(link, row.gpus).time_s(row.bytes);
  };
  return {transfer_set("all-reduce from 1 MiB", true, large, predict_s),
          transfer_set("all-reduce below 1 MiB", false, small, predict_s)};
}

std::vector<DataSet> read_vidur_send_recv(const std::string& path) {
  return {transfer_set("send/recv in a host",
                       true,
                       read_one_host(path, "send_recv"),
                       [](const LinkType& type, const TransferRow& row) {
                         return type.link.transfer_s(row.bytes);
                       })};
}

}  // namespace hexgen
