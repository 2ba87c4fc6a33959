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

/// Elements that the kernels between the products of one layer move for one token: two norms that
/// add the residual (each reads and writes activation and residual), RoPE in place on
/// `rotated_dim`, SiLU(gate) * up.
constexpr double elementwise_elements(int hidden_dim, int rotated_dim, int ffn_dim) {
  return 2 * 4.0 * hidden_dim + 2.0 * rotated_dim + 3.0 * ffn_dim;
}

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

/// Attention of one prompt's tokens behind those cached before them, one layer.
struct PrefillAttentionTiming {
  int new_tokens = 0;
  int past_tokens = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  Timing time;

  /// Of scores and weighted values under the causal mask.
  double flops() const {
    const double pairs = 1.0 * new_tokens * past_tokens + 0.5 * new_tokens * (new_tokens + 1.0);
    return 4.0 * num_heads * head_dim * pairs;
  }

  bool operator==(const PrefillAttentionTiming&) const = default;
};

/// The kernels of one layer that are neither products nor attention, one after the other: two norms
/// with the residual sum, RoPE with KV append, SiLU times up.
struct ElementwiseTiming {
  int rows = 0;
  int hidden_dim = 0;
  int ffn_dim = 0;  // of the shard, as the heads are
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  Timing time;

  double bytes() const {
    return 2.0 * rows *
           elementwise_elements(hidden_dim, (num_heads + num_kv_heads) * head_dim, ffn_dim);
  }

  bool operator==(const ElementwiseTiming&) const = default;
};

/// One decode step of one sequence by the whole engine, on one stage of a model so small that its
/// layers are launches.
struct StepTiming {
  int layers = 0;
  Timing time;

  bool operator==(const StepTiming&) const = default;
};

/// What was measured on one GPU, or on a part of one.
struct GpuMeasurement {
  int index = 0;
  std::string name;  // as the driver prints it
  int sm_limit = 0;  // multiprocessors that were asked for; 0: all
  int compute_capability = 0;
  int multiprocessors = 0;         // that there were
  double memory_bytes = 0;         // as the driver reports it
  double usable_memory_bytes = 0;  // free once a CUDA context and the libraries are up
  double l2_bytes = 0;
  Timing launch;        // one empty kernel of a stream of them
  Timing graph_launch;  // one empty kernel inside a CUDA graph
  std::vector<ReadTiming> reads;
  std::vector<GemmTiming> gemms;
  std::vector<AttentionTiming> attention;
  std::vector<PrefillAttentionTiming> prefill_attention;
  std::vector<ElementwiseTiming> elementwise;
  std::vector<StepTiming> steps;

  bool operator==(const GpuMeasurement&) const = default;
};

/// What carried a collective or a transfer: "nccl", "peer" or "host", the names that hexgen-run's
/// --communicator takes.
struct Carrier {
  std::string communicator = "nccl";
  bool chosen = true;  // by --communicator auto

  bool operator==(const Carrier&) const = default;
};

/// All-reduce of `bytes` by the first `tp_degree` devices that were profiled.
struct AllReduceTiming {
  int tp_degree = 0;
  double bytes = 0;
  Timing time;
  Carrier carrier = {};

  bool operator==(const AllReduceTiming&) const = default;
};

/// Send of `bytes` from one GPU to another, by their indices; equal for two parts of one GPU.
struct TransferTiming {
  int from = 0;
  int to = 0;
  double bytes = 0;
  Timing time;
  Carrier carrier = {};

  bool operator==(const TransferTiming&) const = default;
};

/// From one host to another, by the names of nodes.
struct HostTiming {
  std::string from_host;
  std::string to_host;
  double bytes = 0;
  Timing time;

  bool operator==(const HostTiming&) const = default;
};

/// What `hexgen-plan profile` found on one machine, or between several.
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
  std::vector<HostTiming> between_hosts;              // sends by NCCL between GPUs
  std::vector<HostTiming> all_reduces_between_hosts;  // by NCCL, of one GPU of each
  std::vector<HostTiming> messages;                   // from process to process over TCP

  bool operator==(const MeasuredProfile&) const = default;
};

/// Reads a profile file (`hexgen.profile/1`); throws InputError naming file and JSON path.
MeasuredProfile read_profile(const std::string& path);

/// The file's text, one timing a line, times rounded to nanoseconds.
std::string profile_text(const MeasuredProfile& profile);

}  // namespace hexgen
