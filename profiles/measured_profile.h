#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// Repeated timings of one operation, as nearest-rank percentiles.
struct Timing {
  double median_s = 0;
  double p10_s = 0;
  double p90_s = 0;

  bool operator==(const Timing&) const = default;
};

/// Nearest-rank percentiles of `samples_s`, which must not be empty.
Timing summarize(std::vector<double> samples_s);

/// One pass of a kernel that only reads.
struct ReadTiming {
  double bytes = 0;
  Timing time;

  bool operator==(const ReadTiming&) const = default;
};

/// rows x inner_dim (activations) times inner_dim x columns (weights), bf16 in and out, fp32 sums.
struct GemmTiming {
  int rows = 0;
  int inner_dim = 0;
  int columns = 0;
  Timing time;

  double flops() const { return 2.0 * rows * inner_dim * columns; }

  double weight_bytes() const { return 2.0 * inner_dim * columns; }

  bool operator==(const GemmTiming&) const = default;
};

/// One decode step of attention over a paged bf16 KV cache, one layer.
struct AttentionTiming {
  int sequences = 0;
  int context_tokens = 0;  // of each sequence
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  Timing time;

  double kv_bytes() const { return 4.0 * sequences * context_tokens * num_kv_heads * head_dim; }

  bool operator==(const AttentionTiming&) const = default;
};

/// What was measured on one GPU.
struct GpuMeasurement {
  int index = 0;
  std::string name;  // as the driver prints it
  int compute_capability = 0;
  int multiprocessors = 0;
  double memory_bytes = 0;         // as the driver reports it
  double usable_memory_bytes = 0;  // free once a CUDA context and the libraries are up
  double l2_bytes = 0;
  Timing launch;        // one empty kernel of a stream of them
  Timing graph_launch;  // one empty kernel inside a CUDA graph
  std::vector<ReadTiming> reads;
  std::vector<GemmTiming> gemms;
  std::vector<AttentionTiming> attention;

  bool operator==(const GpuMeasurement&) const = default;
};

/// All-reduce of `bytes` by the first `tp_degree` GPUs of the profile.
struct AllReduceTiming {
  int tp_degree = 0;
  double bytes = 0;
  Timing time;

  bool operator==(const AllReduceTiming&) const = default;
};

/// Send of `bytes` from one GPU to another, by their indices.
struct TransferTiming {
  int from = 0;
  int to = 0;
  double bytes = 0;
  Timing time;

  bool operator==(const TransferTiming&) const = default;
};

/// What `hexgen-plan profile` found on one machine.
struct MeasuredProfile {
  std::string tool;          // program, version and commit
  std::string driver;        // e.g. "580.159.04"
  std::string cuda_driver;   // newest CUDA that the driver supports, e.g. "13.0"
  std::string cuda_runtime;  // CUDA that hexgen was built with
  std::string cublaslt;
  std::string nccl;
  std::vector<GpuMeasurement> gpus;
  std::vector<AllReduceTiming> all_reduces;
  std::vector<TransferTiming> transfers;

  bool operator==(const MeasuredProfile&) const = default;
};

/// Reads a profile file (`hexgen.profile/1`); throws InputError naming file and JSON path.
MeasuredProfile read_profile(const std::string& path);

/// The file's text, one timing a line, times rounded to nanoseconds.
std::string profile_text(const MeasuredProfile& profile);

}  // namespace hexgen
