#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cost_models/request_options.h"
#include "simulator/what_if.h"

namespace CLI {
class App;
}

namespace hexgen {

/// What all programs have.
struct CommonOptions {
  std::int64_t seed = 1;
  int threads = 0;  // 0: all cores
  bool quiet = false;
  bool json = false;
  std::string out;  // empty: stdout only
};

/// How replicas batch and requests are routed.
struct EngineOptions {
  std::string policy = "continuous";
  std::string router = "plan";
  std::int64_t max_batched_tokens = 2048;
  std::int64_t kv_block_tokens = 16;
  double kv_watermark = 0.01;
  bool async_scheduling = false;
  bool reuse_preempted_kv = false;
  double step_overhead_us = 0;
  double sequence_overhead_us = 0;
  std::vector<std::string> profiles;  // measured layers
};

struct RunOptions {
  CommonOptions common;
  RequestOptions requests;
  EngineOptions engine;
  WhatIf what_if;
  std::string plan;
  std::string requests_out;
  std::string html_out;
  std::string timeline_out;
  std::optional<double> timeline_from_s;
  std::optional<double> timeline_to_s;
};

struct SweepOptions {
  CommonOptions common;
  RequestOptions requests;
  EngineOptions engine;
  WhatIf what_if;
  std::string plan;
  std::string rates;
  std::string slo_scales;
  std::string html_out;
  double target = 0.99;
};

struct CompareOptions {
  CommonOptions common;
  RequestOptions requests;
  EngineOptions engine;
  WhatIf what_if;
  std::vector<std::string> plans;
  std::string html_out;
};

struct TraceOptions {
  std::string trace;  // KIND:FILE
  ColumnOptions columns;
  std::optional<double> rate_per_s;
  std::string out;
  bool json = false;
};

void add_options(CLI::App& command, RunOptions& options);
void add_options(CLI::App& command, SweepOptions& options);
void add_options(CLI::App& command, CompareOptions& options);
void add_options(CLI::App& command, TraceOptions& options);

}  // namespace hexgen
