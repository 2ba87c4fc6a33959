#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "profiles/measured_profile.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using Json = nlohmann::ordered_json;

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

AllReduceTiming read_all_reduce(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"tp_degree", "bytes"}));
  return {.tp_degree = read_count(entry, "tp_degree", 2),
          .bytes = read_bytes(entry, "bytes"),
          .time = read_time(entry)};
}

TransferTiming read_transfer(const JsonReader& entry) {
  entry.allow_only(with_time_keys({"from", "to", "bytes"}));
  return {.from = read_count(entry, "from", 0),
          .to = read_count(entry, "to", 0),
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

GpuMeasurement read_gpu(const JsonReader& entry) {
  entry.allow_only({"index",
                    "name",
                    "compute_capability",
                    "multiprocessors",
                    "memory_bytes",
                    "usable_memory_bytes",
                    "l2_bytes",
                    "launch",
                    "graph_launch",
                    "reads",
                    "gemms",
                    "attention"});
  return {.index = read_count(entry, "index", 0),
          .name = entry.at("name").string(),
          .compute_capability = read_count(entry, "compute_capability"),
          .multiprocessors = read_count(entry, "multiprocessors"),
          .memory_bytes = read_bytes(entry, "memory_bytes"),
          .usable_memory_bytes = read_bytes(entry, "usable_memory_bytes"),
          .l2_bytes = read_bytes(entry, "l2_bytes"),
          .launch = read_only_time(entry.at("launch")),
          .graph_launch = read_only_time(entry.at("graph_launch")),
          .reads = read_all(entry.at("reads"), read_read),
          .gemms = read_all(entry.at("gemms"), read_gemm),
          .attention = read_all(entry.at("attention"), read_attention)};
}

Json with_time(Json entry, const Timing& time) {
  const auto microseconds = [](double seconds) { return std::round(seconds / 1e-9) / 1e3; };
  entry["median_us"] = microseconds(time.median_s);
  entry["p10_us"] = microseconds(time.p10_s);
  entry["p90_us"] = microseconds(time.p90_s);
  return entry;
}

std::int64_t whole(double bytes) {
  return static_cast<std::int64_t>(bytes);
}

Json to_json(const ReadTiming& read) {
  return with_time({{"bytes", whole(read.bytes)}}, read.time);
}

Json to_json(const GemmTiming& gemm) {
  return with_time({{"rows", gemm.rows}, {"inner_dim", gemm.inner_dim}, {"columns", gemm.columns}},
                   gemm.time);
}

Json to_json(const AttentionTiming& attention) {
  return with_time({{"sequences", attention.sequences},
                    {"context_tokens", attention.context_tokens},
                    {"num_heads", attention.num_heads},
                    {"num_kv_heads", attention.num_kv_heads},
                    {"head_dim", attention.head_dim}},
                   attention.time);
}

Json to_json(const AllReduceTiming& all_reduce) {
  return with_time({{"tp_degree", all_reduce.tp_degree}, {"bytes", whole(all_reduce.bytes)}},
                   all_reduce.time);
}

Json to_json(const TransferTiming& transfer) {
  return with_time({{"from", transfer.from}, {"to", transfer.to}, {"bytes", whole(transfer.bytes)}},
                   transfer.time);
}

/// `"key": [` and one entry a line.
template <typename Timings>
std::string lines(const std::string& indent, const std::string& key, const Timings& timings) {
  std::string text = indent + "\"" + key + "\": [";
  const char* separator = "\n";
  for (const auto& timing : timings) {
    text += separator + indent + "  " + to_json(timing).dump();
    separator = ",\n";
  }
  return text + (timings.empty() ? "]" : "\n" + indent + "]");
}

/// The members of an object without its braces, one a line, each followed by a comma.
std::string members(const std::string& indent, const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    text += indent + Json(key).dump() + ": " + value.dump() + ",\n";
  }
  return text;
}

std::string gpu_text(const GpuMeasurement& gpu) {
  const Json facts = {{"index", gpu.index},
                      {"name", gpu.name},
                      {"compute_capability", gpu.compute_capability},
                      {"multiprocessors", gpu.multiprocessors},
                      {"memory_bytes", whole(gpu.memory_bytes)},
                      {"usable_memory_bytes", whole(gpu.usable_memory_bytes)},
                      {"l2_bytes", whole(gpu.l2_bytes)},
                      {"launch", with_time(Json::object(), gpu.launch)},
                      {"graph_launch", with_time(Json::object(), gpu.graph_launch)}};
  const std::string indent = "      ";
  return "    {\n" + members(indent, facts) + lines(indent, "reads", gpu.reads) + ",\n" +
         lines(indent, "gemms", gpu.gemms) + ",\n" + lines(indent, "attention", gpu.attention) +
         "\n    }";
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
                   "transfers"});
  MeasuredProfile profile = {.tool = root.at("tool").string(),
                             .driver = root.at("driver").string(),
                             .cuda_driver = root.at("cuda_driver").string(),
                             .cuda_runtime = root.at("cuda_runtime").string(),
                             .cublaslt = root.at("cublaslt").string(),
                             .nccl = root.at("nccl").string(),
                             .gpus = read_all(root.at("gpus"), read_gpu),
                             .all_reduces = read_all(root.at("all_reduces"), read_all_reduce),
                             .transfers = read_all(root.at("transfers"), read_transfer)};
  if (profile.gpus.empty()) {
    root.at("gpus").fail("empty, expected at least one GPU");
  }
  return profile;
}

std::string profile_text(const MeasuredProfile& profile) {
  const Json head = {{"format", "hexgen.profile/1"},
                     {"tool", profile.tool},
                     {"driver", profile.driver},
                     {"cuda_driver", profile.cuda_driver},
                     {"cuda_runtime", profile.cuda_runtime},
                     {"cublaslt", profile.cublaslt},
                     {"nccl", profile.nccl}};
  std::string gpus;
  for (const GpuMeasurement& gpu : profile.gpus) {
    gpus += (gpus.empty() ? "" : ",\n") + gpu_text(gpu);
  }
  return "{\n" + members("  ", head) + "  \"gpus\": [\n" + gpus + "\n  ],\n" +
         lines("  ", "all_reduces", profile.all_reduces) + ",\n" +
         lines("  ", "transfers", profile.transfers) + "\n}\n";
}

}  // namespace hexgen
