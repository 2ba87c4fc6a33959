#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "profiles/measured_profile.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kMaxBytes = 1e15;
constexpr int kMaxCount = 1 << 30;

std::vector<std::string> with_time_keys(std::vector<std::string> keys) {
  keys.insert(keys.end(), {"median_us", "p10_us", "p90_us"});
  return keys;
}

Timing read_time(const JsonReader& entry) {
  const auto seconds = [&](const char* key) { return entry.at(key).positive_number() * kMicro; };
  const Timing time = {seconds("median_us"), seconds("p10_us"), seconds("p90_us")};
  if (time.p10_s > time.median_s || time.median_s > time.p90_s) {
    entry.fail("p10_us, median_us and p90_us are not in ascending order");
  }
  return time;
}

Timing read_only_time(const JsonReader& entry) {
  entry.allow_only(with_time_keys({}));
  return read_time(entry);
}

int read_count(const JsonReader& entry, const char* key, int min = 1) {
  return entry.at(key).small_integer(min, kMaxCount);
}

double read_bytes(const JsonReader& entry, const char* key) {
  return entry.at(key).positive_number(kMaxBytes);
}

ReadTiming read_read(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"bytes"}));
  return {read_bytes(entry, "bytes"), read_time(entry)};
}

GemmTiming read_gemm(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"rows", "inner_dim", "columns"}));
  return {.rows = read_count(entry, "rows"),
          .inner_dim = read_count(entry, "inner_dim"),
          .columns = read_count(entry, "columns"),
          .time = read_time(entry)};
}

AttentionTiming read_attention(const JsonReader& entry) {
  entry.allow_only(
      with_time_keys({"sequences", "context_tokens", "num_heads", "num_kv_heads", "head_dim"}));
  return {.sequences = read_count(entry, "sequences"),
          .context_tokens = read_count(entry, "context_tokens"),
          .num_heads = read_count(entry, "num_heads"),
          .num_kv_heads = read_count(entry, "num_kv_heads"),
          .head_dim = read_count(entry, "head_dim"),
          .time = read_time(entry)};
}

PrefillAttentionTiming read_prefill_attention(const JsonReader& entry) {
  entry.allow_only(
      with_time_keys({"new_tokens", "past_tokens", "num_heads", "num_kv_heads", "head_dim"}));
  return {.new_tokens = read_count(entry, "new_tokens"),
          .past_tokens = read_count(entry, "past_tokens", 0),
          .num_heads = read_count(entry, "num_heads"),
          .num_kv_heads = read_count(entry, "num_kv_heads"),
          .head_dim = read_count(entry, "head_dim"),
          .time = read_time(entry)};
}

ElementwiseTiming read_elementwise(const JsonReader& entry) {
  entry.allow_only(
      with_time_keys({"rows", "hidden_dim", "ffn_dim", "num_heads", "num_kv_heads", "head_dim"}));
  return {.rows = read_count(entry, "rows"),
          .hidden_dim = read_count(entry, "hidden_dim"),
          .ffn_dim = read_count(entry, "ffn_dim"),
          .num_heads = read_count(entry, "num_heads"),
          .num_kv_heads = read_count(entry, "num_kv_heads"),
          .head_dim = read_count(entry, "head_dim"),
          .time = read_time(entry)};
}

StepTiming read_step(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"layers"}));
  return {.layers = read_count(entry, "layers"), .time = read_time(entry)};
}

/// Older files know NCCL alone.
Carrier read_carrier(const JsonReader& entry) {
  static const std::vector<std::string> kNames = {"nccl", "peer", "host"};
  Carrier carrier;
  if (const auto communicator = entry.find("communicator")) {
    carrier.communicator = kNames[communicator->one_of(kNames)];
  }
  if (const auto chosen = entry.find("chosen")) {
    carrier.chosen = chosen->boolean();
  }
  return carrier;
}

AllReduceTiming read_all_reduce(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"tp_degree", "bytes", "communicator", "chosen"}));
  return {.tp_degree = read_count(entry, "tp_degree", 2),
          .bytes = read_bytes(entry, "bytes"),
          .time = read_time(entry),
          .carrier = read_carrier(entry)};
}

TransferTiming read_transfer(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"from", "to", "bytes", "communicator", "chosen"}));
  return {.from = read_count(entry, "from", 0),
          .to = read_count(entry, "to", 0),
          .bytes = read_bytes(entry, "bytes"),
          .time = read_time(entry),
          .carrier = read_carrier(entry)};
}

HostTiming read_host_timing(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"from_host", "to_host", "bytes"}));
  return {.from_host = entry.at("from_host").string(),
          .to_host = entry.at("to_host").string(),
          .bytes = read_bytes(entry, "bytes"),
          .time = read_time(entry)};
}

template <typename Read>
auto read_all(const JsonReader& entry, Read read) {
  std::vector<decltype(read(entry))> values;
  for (const JsonReader& item : entry.items()) {
    values.push_back(read(item));
  }
  return values;
}

/// The list under a key that older files do not have.
template <typename Read>
auto read_optional(const JsonReader& entry, const char* key, Read read) {
  const auto list = entry.find(key);
  return list ? read_all(*list, read) : decltype(read_all(entry, read)){};
}

GpuMeasurement read_gpu(const JsonReader& entry) {
  entry.allow_only({"index",
                    "name",
                    "sm_limit",
                    "compute_capability",
                    "multiprocessors",
                    "memory_bytes",
                    "usable_memory_bytes",
                    "l2_bytes",
                    "launch",
                    "graph_launch",
                    "reads",
                    "gemms",
                    "attention",
                    "prefill_attention",
                    "elementwise",
                    "steps"});
  return {.index = read_count(entry, "index", 0),
          .name = entry.at("name").string(),
          .sm_limit = entry.has("sm_limit") ? read_count(entry, "sm_limit") : 0,
          .compute_capability = read_count(entry, "compute_capability"),
          .multiprocessors = read_count(entry, "multiprocessors"),
          .memory_bytes = read_bytes(entry, "memory_bytes"),
          .usable_memory_bytes = read_bytes(entry, "usable_memory_bytes"),
          .l2_bytes = read_bytes(entry, "l2_bytes"),
          .launch = read_only_time(entry.at("launch")),
          .graph_launch = read_only_time(entry.at("graph_launch")),
          .reads = read_all(entry.at("reads"), read_read),
          .gemms = read_all(entry.at("gemms"), read_gemm),
          .attention = read_all(entry.at("attention"), read_attention),
          .prefill_attention = read_optional(entry, "prefill_attention", read_prefill_attention),
          .elementwise = read_optional(entry, "elementwise", read_elementwise),
          .steps = read_optional(entry, "steps", read_step)};
}

}  // namespace

MeasuredProfile read_profile(const std::string& path) {
  const JsonDocument document = JsonDocument::parse(read_file(path), path);
  const JsonReader root = document.root();
  root.expect_format("hexgen.profile/1");
  root.allow_only({"format",
                   "tool",
                   "driver",
                   "cuda_driver",
                   "cuda_runtime",
                   "cublaslt",
                   "nccl",
                   "gpus",
                   "all_reduces",
                   "transfers",
                   "between_hosts",
                   "all_reduces_between_hosts",
                   "messages"});
  MeasuredProfile profile = {
      .tool = root.at("tool").string(),
      .driver = root.at("driver").string(),
      .cuda_driver = root.at("cuda_driver").string(),
      .cuda_runtime = root.at("cuda_runtime").string(),
      .cublaslt = root.at("cublaslt").string(),
      .nccl = root.at("nccl").string(),
      .gpus = read_all(root.at("gpus"), read_gpu),
      .all_reduces = read_all(root.at("all_reduces"), read_all_reduce),
      .transfers = read_all(root.at("transfers"), read_transfer),
      .between_hosts = read_optional(root, "between_hosts", read_host_timing),
      .all_reduces_between_hosts =
          read_optional(root, "all_reduces_between_hosts", read_host_timing),
      .messages = read_optional(root, "messages", read_host_timing)};
  if (profile.gpus.empty() && profile.between_hosts.empty()) {
    root.at("gpus").fail("empty, expected at least one GPU, or timings under between_hosts");
  }
  return profile;
}

}  // namespace hexgen
