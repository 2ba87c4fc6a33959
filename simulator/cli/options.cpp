#include "simulator/cli/options.h"

#include <CLI/CLI.hpp>

namespace hexgen {
namespace {

constexpr const char* kTraceHelp =
    "KIND:FILE with KIND azure, mooncake, burstgpt, vidur, sharegpt, llmservingsim or csv";

constexpr const char* kHtmlHelp = "File for a report to open in a browser, self-contained";

void add_options(CLI::App& command, CommonOptions& options) {
  command.add_option("--out", options.out, "File for the result, written complete or not at all");
  command.add_flag("--json", options.json, "Machine-readable result on stdout");
  command.add_option("--seed", options.seed, "Seed of all random numbers")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads; 0: all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag("--quiet", options.quiet, "No progress on stderr");
}

void add_options(CLI::App& command, ColumnOptions& options) {
  const std::string group = "Columns of --trace csv:FILE";
  command.add_option("--csv-timestamp", options.timestamp, "Arrival time; \"\": lengths only")
      ->group(group)
      ->capture_default_str();
  command.add_option("--csv-prompt-tokens", options.prompt_tokens)
      ->group(group)
      ->capture_default_str();
  command.add_option("--csv-output-tokens", options.output_tokens)
      ->group(group)
      ->capture_default_str();
  command.add_option("--csv-time-unit", options.time_unit, "s, ms, us or ns; dates need none")
      ->group(group)
      ->capture_default_str();
}

void add_options(CLI::App& command, RequestOptions& options) {
  auto* workload = command.add_option(
      "--workload", options.workload, "Workload file, or a built-in name such as hexgen-128");
  auto* trace = command.add_option("--trace", options.trace, kTraceHelp);
  workload->excludes(trace);
  command.add_option("--rate",
                     options.rate_per_s,
                     "Requests a second, in place of the workload's; stretches a trace");
  command.add_option("--arrivals",
                     options.arrivals,
                     "Arrival process in place of the workload's or the trace's own: poisson, "
                     "gamma:SHAPE, uniform or all-at-once");
  command
      .add_option("--num-requests", options.num_requests, "Requests to draw, or first of a trace")
      ->check(CLI::PositiveNumber);
  command.add_option("--slo",
                     options.slo,
                     "Limits in place of the workload's: ttft:MS tpot:MS e2el:MS, scale:X, or "
                     "mlperf:llama2-70b");
  command
      .add_option(
          "--warmup", options.warmup, "Share of the requests that is simulated, not counted")
      ->capture_default_str();
  add_options(command, options.columns);
}

void add_options(CLI::App& command, EngineOptions& options) {
  const std::string group = "Serving";
  command.add_option("--policy", options.policy, "continuous or one-batch (the paper's)")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--router",
                  options.router,
                  "plan, least-work, shortest-completion or round-robin (the paper's)")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--max-batched-tokens",
                  options.max_batched_tokens,
                  "Tokens of one iteration: decodes, then chunks of prompts")
      ->group(group)
      ->capture_default_str();
  command.add_option("--kv-block-tokens", options.kv_block_tokens, "Tokens of one KV block")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--kv-watermark",
                  options.kv_watermark,
                  "Share of the KV blocks kept free when a request is admitted")
      ->group(group)
      ->capture_default_str();
  command
      .add_flag("--async-scheduling",
                options.async_scheduling,
                "Admit for the next iteration when the one before it starts (pipelines of one "
                "stage)")
      ->group(group);
  command
      .add_flag("--reuse-preempted-kv",
                options.reuse_preempted_kv,
                "A preempted request computes again only what others took of its KV blocks")
      ->group(group);
  command
      .add_option("--step-overhead-us",
                  options.step_overhead_us,
                  "CPU time of one iteration that the engine does not hide behind the GPU")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--sequence-overhead-us",
                  options.sequence_overhead_us,
                  "The same for every sequence that emits a token")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--profile",
                  options.profiles,
                  "Measured profiles: of machines (hexgen-plan profile), whose timings stages on "
                  "their GPUs interpolate; of layers (--import), whose times stages of that GPU "
                  "type, model and TP degree take")
      ->group(group);
}

void add_options(CLI::App& command, WhatIf& what_if) {
  const std::string group = "What if";
  command
      .add_option("--set",
                  what_if.set,
                  "PATH=VALUE: edit cluster, pipelines, workload or engine before the run, e.g. "
                  "cluster.nodes.il-0.gpu_type=T4")
      ->group(group);
  command.add_option("--fail", what_if.fail, "NODE[:GPU]@SECONDS: devices that fail")->group(group);
  command.add_option("--recover", what_if.recover, "NODE[:GPU]@SECONDS: devices that come back")
      ->group(group);
  command
      .add_option("--restart-s",
                  what_if.restart_s,
                  "Time from the return of its last device until a pipeline serves again")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--network",
                  what_if.network,
                  "shared: transfers on one link or NIC share it; exclusive: each has its own")
      ->group(group)
      ->capture_default_str();
}

void add_horizon(CLI::App& command, WhatIf& what_if) {
  command.add_option("--until", what_if.until_s, "End of the simulation, s")->group("What if");
}

template <typename Options>
void add_shared_options(CLI::App& command, Options& options) {
  add_options(command, options.requests);
  add_options(command, options.engine);
  add_options(command, options.what_if);
  add_options(command, options.common);
}

}  // namespace

void add_options(CLI::App& command, RunOptions& options) {
  command.add_option("--plan", options.plan, "Plan to play")->required();
  command.add_option("--requests",
                     options.requests_out,
                     "File for one line of JSON a request, written complete or not at all");
  command.add_option("--html", options.html_out, kHtmlHelp);
  auto* timeline = command.add_option(
      "--timeline", options.timeline_out, "File for a Chrome trace, opened by ui.perfetto.dev");
  command
      .add_option("--timeline-from",
                  options.timeline_from_s,
                  "Leave out what ends before this time of the simulation, s")
      ->needs(timeline);
  command
      .add_option("--timeline-to",
                  options.timeline_to_s,
                  "Leave out what begins after this time of the simulation, s")
      ->needs(timeline);
  add_horizon(command, options.what_if);
  add_shared_options(command, options);
}

void add_options(CLI::App& command, SweepOptions& options) {
  command.add_option("--plan", options.plan, "Plan to play")->required();
  command.add_option("--rates", options.rates, "Request rates: A:B:N (N from A to B) or a,b,c");
  command.add_option("--slo-scales", options.slo_scales, "SLO scales: A:B:N or a,b,c");
  command.add_option("--target", options.target, "Attainment of the figures of merit")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--html", options.html_out, kHtmlHelp);
  add_shared_options(command, options);
}

void add_options(CLI::App& command, CompareOptions& options) {
  command.add_option("--plans", options.plans, "Plans to play; the first is the baseline")
      ->required();
  command.add_option("--html", options.html_out, kHtmlHelp);
  add_horizon(command, options.what_if);
  add_shared_options(command, options);
}

void add_options(CLI::App& command, TraceOptions& options) {
  command.add_option("trace", options.trace, kTraceHelp)->required();
  command.add_option("--rate", options.rate_per_s, "Stretch the gaps to this mean rate a second");
  command.add_option("--out", options.out, "Write the requests as a mooncake trace");
  command.add_flag("--json", options.json, "Machine-readable result on stdout");
  add_options(command, options.columns);
}

}  // namespace hexgen
