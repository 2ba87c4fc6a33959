#pragma once

#include <string>
#include <vector>

#include "profiles/alpha_beta.h"

namespace hexgen {

enum class NcclCollective { kAllReduce, kSendRecv };

/// One rank of an nccl-tests run.
struct NcclRank {
  std::string host;
  std::string gpu;  // as the driver prints it
};

/// Time of one message size.
struct NcclMessage {
  double bytes = 0;
  double time_s = 0;
};

/// What all_reduce_perf or sendrecv_perf printed.
struct NcclTest {
  std::vector<NcclRank> ranks;
  std::vector<NcclMessage> messages;
  bool complete = false;  // the summary at the end is there

  /// Hosts in the order of their ranks.
  std::vector<std::string> hosts() const;
};

/// Reads the text output of nccl-tests, old and new, also with the tags of mpirun and lines of
/// other programs between. All-reduces count in place, as an engine runs them; sends and receives
/// out of place. Throws InputError naming file and line: for another collective, wrong results, a
/// single rank, and output without the lines that name the ranks.
NcclTest import_nccl_tests(const std::string& path, NcclCollective collective);

/// Latency and time a byte: of all-reduces a latency counts for each of all_reduce_latency_steps()
/// and 2 (n-1)/n of the bytes, as the cost model does. Throws InputError.
LinearFit fit_nccl_test(const NcclTest& test, NcclCollective collective);

}  // namespace hexgen
