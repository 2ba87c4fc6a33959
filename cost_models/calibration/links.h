#pragma once

#include <string>
#include <vector>

#include "cost_models/calibration/data_set.h"

namespace hexgen {

/// All-reduce times inside one host that Vidur measured (`vidur_..._all_reduce.csv`, medians) for
/// the given number of GPUs. Below 1 MiB the profile shows a launch floor of 10 to 60 us that
/// engines do not have: those rows are reported, not fitted.
std::vector<DataSet> read_vidur_all_reduce(const std::string& path,
                                           const std::vector<int>& numbers_of_gpus);

/// Transfers between two GPUs of one host (`vidur_a100_dgx_send_recv.csv`).
std::vector<DataSet> read_vidur_send_recv(const std::string& path);

}  // namespace hexgen
