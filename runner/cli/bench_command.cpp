#include "runner/cli/bench_command.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "profiles/file.h"
#include "profiles/units.h"
#include "runner/bench/pipeline_bench.h"
#include "runner/bench/work_floor.h"
#include "runner/cli/pipeline_runner.h"
#include "runner/cli/target_options.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

ordered_json in_ms(const Timing& timing) {
  return {{"median", timing.median_s / kMilli},
          {"p10", timing.p10_s / kMilli},
          {"p90", timing.p90_s / kMilli}};
}

ordered_json ceilings_json(const Ceilings& ceilings) {
  return {{"read_gb_per_s", ceilings.read_bytes_per_s / kGiga},
          {"gemm_tflop_per_s", ceilings.gemm_flops_per_s / kTera}};
}

/// The ceilings are those of a whole GPU.
bool uses_whole_gpus(const PipelineSetup& setup) {
  for (const Stage& stage : setup.pipeline.stages) {
    for (const int device : stage.devices) {
      if (setup.cluster.gpu_of(device).sm_limit > 0) {
        return false;
      }
    }
  }
  return true;
}

/// Tokens in the cache in the middle of the decode steps, of all requests.
double mean_cached_tokens(const BenchWork& work) {
  return work.batch * (work.prompt_tokens + work.output_tokens / 2.0);
}

ordered_json result_json(const BenchResult& result,
                         const PipelineSetup& setup,
                         const std::optional<Ceilings>& ceilings) {
  const BenchWork& work = result.work;
  ordered_json entry = {{"batch", work.batch},
                        {"prefill_ms", in_ms(result.prefill)},
                        {"decode_step_ms", in_ms(result.decode_step)},
                        {"output_tokens_per_s", result.output_tokens_per_s}};
  if (ceilings) {
    const double prefill_s = work.batch * prefill_floor_s(setup, work.prompt_tokens, *ceilings);
    const double decode_s = decode_step_floor_s(setup, mean_cached_tokens(work), *ceilings);
    entry["prefill_fraction_of_gemm_rate"] = prefill_s / result.prefill.median_s;
    entry["decode_fraction_of_read_bandwidth"] = decode_s / result.decode_step.median_s;
  }
  return entry;
}

ordered_json report_json(const BenchOptions& options,
                         const std::string& dtype,
                         const PipelineSetup& setup,
                         const std::vector<BenchResult>& results,
                         const std::optional<Ceilings>& ceilings) {
  ordered_json report = {{"format", "hexgen.bench/1"},
                         {"model", setup.model.name},
                         {"plan", options.target.plan},
                         {"backend", options.backend.name},
                         {"dtype", dtype},
                         {"prompt_tokens", options.prompt_tokens},
                         {"output_tokens", options.output_tokens},
                         {"iterations", options.iterations},
                         {"prefill_chunk_tokens", options.prefill_chunk_tokens}};
  if (ceilings) {
    report["measured"] = ceilings_json(*ceilings);
  }
  for (const BenchResult& result : results) {
    report["results"].push_back(result_json(result, setup, ceilings));
  }
  return report;
}

PipelineSetup bench_setup(const RunTarget& target,
                          const std::vector<BenchWork>& works,
                          int prefill_chunk_tokens) {
  const PipelineGroup& pipeline = target.plan.pipelines().front();
  return {
      .model = target.model,
      .pipeline = pipeline,
      .cluster = target.cluster,
      .limits = bench_limits(works, static_cast<int>(pipeline.stages.size()), prefill_chunk_tokens),
      .weights = target.weights.get()};
}

}  // namespace

void add_bench_options(CLI::App& app, BenchOptions& options) {
  add_target_options(app, options.target, options.backend);
  add_process_options(app, options.processes);
  app.add_option("--batch", options.batches, "Requests at once, one measurement for each number")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--prompt-tokens", options.prompt_tokens, "Tokens of each prompt")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--output-tokens", options.output_tokens, "Tokens drawn for each")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  app.add_option("--iters", options.iterations, "Timed runs, after one to warm up")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--prefill-chunk",
                 options.prefill_chunk_tokens,
                 "Tokens of one step at most; longer prompts are cut")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--out", options.out_path, "Report; standard output without it")
      ->type_name("FILE");
}

void run_bench(const BenchOptions& options, std::ostream& out, std::ostream& progress) {
  const RunTarget target = load_target(options.target);
  const PipelineRunner runner(target, options.processes, options.backend);
  std::vector<BenchWork> works;
  for (const int batch : options.batches) {
    works.push_back({batch, options.prompt_tokens, options.output_tokens});
  }
  const PipelineSetup setup = bench_setup(target, works, options.prefill_chunk_tokens);
  std::optional<Ceilings> ceilings;
  if (options.backend.name == "cuda" && runner.drives() && uses_whole_gpus(setup)) {
    ceilings = measure_ceilings(0);  // before the weights take their memory
  }
  std::vector<BenchResult> results;
  progress << "loading " << setup.model.name << '\n';
  runner.run(setup, [&](PipelineRank& driver) {
    for (const BenchWork& work : works) {
      progress << "batch " << work.batch << '\n';
      results.push_back(bench(driver, setup, work, options.iterations));
    }
  });
  if (!runner.drives()) {
    return;
  }
  const std::string dtype = dtype_name(options.backend, target.weight_type);
  const std::string report = report_json(options, dtype, setup, results, ceilings).dump(2) + "\n";
  if (options.out_path.empty()) {
    out << report;
  } else {
    write_file(options.out_path, report);
  }
}

}  // namespace hexgen
