#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "runner/cli/backend_choice.h"
#include "runner/cli/process_options.h"
#include "runner/cli/run_target.h"

namespace CLI {
class App;
}

namespace hexgen {

struct BenchOptions {
  TargetOptions target;
  BackendOptions backend;
  ProcessOptions processes;
  std::vector<int> batches = {1};
  int prompt_tokens = 128;
  int output_tokens = 64;
  int iterations = 5;
  int prefill_chunk_tokens = 4096;
  std::string out_path;  // empty: the report goes to `out`
};

void add_bench_options(CLI::App& app, BenchOptions& options);

/// Measures the first pipeline of the plan, on GPUs beside what the first of them reads and
/// multiplies at most, and writes `hexgen.bench/1`. Progress goes to `progress`. Of several
/// processes, process 0 writes and the others only compute.
void run_bench(const BenchOptions& options, std::ostream& out, std::ostream& progress);

}  // namespace hexgen
