#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "profiles/measured_profile.h"

namespace hexgen {
namespace {

using Json = nlohmann::ordered_json;

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

Json heads_to_json(const auto& timing) {
  return {{"num_heads", timing.num_heads},
          {"num_kv_heads", timing.num_kv_heads},
          {"head_dim", timing.head_dim}};
}

Json to_json(const AttentionTiming& attention) {
  Json entry = {{"sequences", attention.sequences}, {"context_tokens", attention.context_tokens}};
  entry.update(heads_to_json(attention));
  return with_time(std::move(entry), attention.time);
}

Json to_json(const PrefillAttentionTiming& attention) {
  Json entry = {{"new_tokens", attention.new_tokens}, {"past_tokens", attention.past_tokens}};
  entry.update(heads_to_json(attention));
  return with_time(std::move(entry), attention.time);
}

Json to_json(const ElementwiseTiming& elementwise) {
  Json entry = {{"rows", elementwise.rows},
                {"hidden_dim", elementwise.hidden_dim},
                {"ffn_dim", elementwise.ffn_dim}};
  entry.update(heads_to_json(elementwise));
  return with_time(std::move(entry), elementwise.time);
}

Json to_json(const StepTiming& step) {
  return with_time({{"layers", step.layers}}, step.time);
}

Json with_carrier(Json entry, const Carrier& carrier) {
  entry["communicator"] = carrier.communicator;
  entry["chosen"] = carrier.chosen;
  return entry;
}

Json to_json(const AllReduceTiming& all_reduce) {
  Json entry = {{"tp_degree", all_reduce.tp_degree}, {"bytes", whole(all_reduce.bytes)}};
  return with_time(with_carrier(std::move(entry), all_reduce.carrier), all_reduce.time);
}

Json to_json(const TransferTiming& transfer) {
  Json entry = {{"from", transfer.from}, {"to", transfer.to}, {"bytes", whole(transfer.bytes)}};
  return with_time(with_carrier(std::move(entry), transfer.carrier), transfer.time);
}

Json to_json(const HostTiming& timing) {
  return with_time({{"from_host", timing.from_host},
                    {"to_host", timing.to_host},
                    {"bytes", whole(timing.bytes)}},
                   timing.time);
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
  Json facts = {{"index", gpu.index}, {"name", gpu.name}};
  if (gpu.sm_limit > 0) {
    facts["sm_limit"] = gpu.sm_limit;
  }
  facts.update({{"compute_capability", gpu.compute_capability},
                {"multiprocessors", gpu.multiprocessors},
                {"memory_bytes", whole(gpu.memory_bytes)},
                {"usable_memory_bytes", whole(gpu.usable_memory_bytes)},
                {"l2_bytes", whole(gpu.l2_bytes)},
                {"launch", with_time(Json::object(), gpu.launch)},
                {"graph_launch", with_time(Json::object(), gpu.graph_launch)}});
  const std::string indent = "      ";
  return "    {\n" + members(indent, facts) + lines(indent, "reads", gpu.reads) + ",\n" +
         lines(indent, "gemms", gpu.gemms) + ",\n" + lines(indent, "attention", gpu.attention) +
         ",\n" + lines(indent, "prefill_attention", gpu.prefill_attention) + ",\n" +
         lines(indent, "elementwise", gpu.elementwise) + ",\n" + lines(indent, "steps", gpu.steps) +
         "\n    }";
}

}  // namespace

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
  return "{\n" + members("  ", head) + "  \"gpus\": [" +
         (gpus.empty() ? "" : "\n" + gpus + "\n  ") + "],\n" +
         lines("  ", "all_reduces", profile.all_reduces) + ",\n" +
         lines("  ", "transfers", profile.transfers) + ",\n" +
         lines("  ", "between_hosts", profile.between_hosts) + ",\n" +
         lines("  ", "all_reduces_between_hosts", profile.all_reduces_between_hosts) + ",\n" +
         lines("  ", "messages", profile.messages) + "\n}\n";
}

}  // namespace hexgen
