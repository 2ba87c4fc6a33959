#pragma once

#include <iosfwd>
#include <string>

#include "cost_models/request_options.h"
#include "runner/cli/backend_choice.h"
#include "runner/cli/process_options.h"
#include "runner/cli/run_target.h"

namespace CLI {
class App;
}

namespace hexgen {

struct ReplayOptions {
  TargetOptions target;
  BackendOptions backend;
  ProcessOptions processes;
  RequestOptions requests;
  int prefill_chunk_tokens = 2048;
  std::string out_path;           // empty: the report goes to `out`
  std::string requests_out_path;  // empty: no lines of requests
};

void add_replay_options(CLI::App& app, ReplayOptions& options);

/// Serves a workload or trace in real time and writes `hexgen.replay/1`, with the keys that
/// hexgen-sim's report has, and a line for each request. Progress goes to `progress`. Of several
/// processes, process 0 writes and the others only compute.
void run_replay(const ReplayOptions& options, std::ostream& out, std::ostream& progress);

}  // namespace hexgen
