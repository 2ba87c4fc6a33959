#include "profiles/catalogue_json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "profiles/json_reader.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

using nlohmann::ordered_json;

constexpr int kMostMultiprocessors = 1024;

/// The number itself, also when it stands beside its source and certainty.
JsonReader value_of(const JsonReader& quantity) {
  if (!quantity.is_object()) {
    return quantity;
  }
  quantity.allow_only({"value", "source", "certainty"});
  if (const auto certainty = quantity.find("certainty")) {
    certainty->one_of({"read", "computed", "observed", "unverified"});
  }
  return quantity.at("value");
}

/// Members of one entry; those that are absent keep their value when there is a base.
class Fields {
 public:
  Fields(const JsonReader& entry, bool has_base)
      : entry_(entry),
        has_base_(has_base) {}

  std::optional<JsonReader> find(const std::string& key) const {
    return has_base_ ? entry_.find(key) : entry_.at(key);
  }

  void positive(const std::string& key, double unit, double& target, double max = 1e9) const {
    if (const auto found = find(key)) {
      target = value_of(*found).positive_number(max) * unit;
    }
  }

  void at_least_zero(const std::string& key, double unit, double& target) const {
    if (const auto found = find(key)) {
      target = value_of(*found).number(0, 1e9) * unit;
    }
  }

  void fraction(const std::string& key, double& target) const { positive(key, 1, target, 1); }

  void origin(std::string& target) const {
    static const std::vector<std::string> kOrigins = {"default", "fitted", "measured"};
    if (const auto found = entry_.find("origin")) {
      target = kOrigins[found->one_of(kOrigins)];
    }
  }

  void text(const std::string& key, std::string& target) const {
    if (const auto found = entry_.find(key)) {
      target = found->string();
    }
  }

 private:
  const JsonReader& entry_;
  bool has_base_;
};

/// "8.6" -> 86
int compute_capability(const JsonReader& value) {
  const std::string text = value.string();
  int major = 0;
  int minor = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major);
  const bool dot = first.ec == std::errc{} && first.ptr != end && *first.ptr == '.';
  const auto second = dot ? std::from_chars(first.ptr + 1, end, minor) : first;
  const bool sensible = dot && second.ec == std::errc{} && second.ptr == end && major >= 1 &&
                        major <= 99 && minor >= 0 && minor <= 9;
  if (!sensible) {
    value.fail(value.shown() + " is not a compute capability such as \"8.6\"");
  }
  return 10 * major + minor;
}

void read_efficiency(const JsonReader& entry, bool has_base, GpuEfficiency& efficiency) {
  entry.allow_only({"memory_fraction",
                    "attention_fraction",
                    "compute_fraction",
                    "layer_overhead_us",
                    "step_overhead_us",
                    "origin",
                    "source"});
  const Fields fields(entry, has_base);
  fields.fraction("memory_fraction", efficiency.memory_fraction);
  fields.fraction("attention_fraction", efficiency.attention_fraction);
  fields.fraction("compute_fraction", efficiency.compute_fraction);
  fields.at_least_zero("layer_overhead_us", kMicro, efficiency.layer_overhead_s);
  fields.at_least_zero("step_overhead_us", kMicro, efficiency.step_overhead_s);
  fields.origin(efficiency.origin);
  fields.text("source", efficiency.source);
}

}  // namespace

CatalogueGpu gpu_from_json(const JsonReader& entry, const CatalogueGpu* base) {
  entry.allow_only({"name",
                    "aliases",
                    "compute_capability",
                    "multiprocessors",
                    "memory_mib",
                    "memory_bandwidth_gb_per_s",
                    "dense_fp16_tflops",
                    "dense_fp8_tflops",
                    "usual_link",
                    "efficiency",
                    "notes"});
  const Fields fields(entry, base != nullptr);
  CatalogueGpu gpu = base != nullptr ? *base : CatalogueGpu{};
  GpuType& type = gpu.type;
  type.name = entry.at("name").string();
  if (const auto capability = fields.find("compute_capability")) {
    type.compute_capability = compute_capability(*capability);
  }
  if (const auto multiprocessors = entry.find("multiprocessors")) {
    type.sm_limit = multiprocessors->small_integer(1, kMostMultiprocessors);
  }
  fields.positive("memory_mib", kMiB, type.memory_bytes);
  fields.positive("memory_bandwidth_gb_per_s", kGiga, type.memory_bandwidth_bytes_per_s);
  fields.positive("dense_fp16_tflops", kTera, type.dense_flops_per_s);
  fields.at_least_zero("dense_fp8_tflops", kTera, type.dense_fp8_flops_per_s);
  fields.text("usual_link", gpu.usual_link);
  if (const auto aliases = entry.find("aliases")) {
    gpu.aliases.clear();
    for (const JsonReader& alias : aliases->items()) {
      gpu.aliases.push_back(alias.string());
    }
  }
  if (const auto efficiency = fields.find("efficiency")) {
    read_efficiency(*efficiency, base != nullptr, type.efficiency);
  }
  return gpu;
}

LinkType link_type_from_json(const JsonReader& entry, const LinkType* base) {
  entry.allow_only({"name",
                    "latency_us",
                    "bandwidth_gb_per_s",
                    "all_reduce_latency_us",
                    "all_reduce_fraction",
                    "origin",
                    "source",
                    "notes"});
  const Fields fields(entry, base != nullptr);
  LinkType type = base != nullptr ? *base : LinkType{};
  type.name = entry.at("name").string();
  fields.at_least_zero("latency_us", kMicro, type.link.latency_s);
  fields.positive("bandwidth_gb_per_s", kGiga, type.link.bandwidth_bytes_per_s);
  fields.at_least_zero("all_reduce_latency_us", kMicro, type.all_reduce_latency_s);
  fields.fraction("all_reduce_fraction", type.all_reduce_fraction);
  fields.origin(type.origin);
  fields.text("source", type.source);
  return type;
}

double in_unit(double value, double unit) {
  const double quotient = value / unit;
  double down = quotient;
  double up = quotient;
  for (int ulps = 0; ulps < 3; ++ulps) {
    if (down * unit == value) {
      return down;
    }
    if (up * unit == value) {
      return up;
    }
    down = std::nextafter(down, 0.0);
    up = std::nextafter(up, HUGE_VAL);
  }
  return quotient;
}

ordered_json gpu_to_json(const CatalogueGpu& gpu) {
  const GpuType& type = gpu.type;
  const GpuEfficiency& efficiency = type.efficiency;
  ordered_json fractions = {
      {"memory_fraction", efficiency.memory_fraction},
      {"attention_fraction", efficiency.attention_fraction},
      {"compute_fraction", efficiency.compute_fraction},
      {"layer_overhead_us", in_unit(efficiency.layer_overhead_s, kMicro)},
      {"step_overhead_us", in_unit(efficiency.step_overhead_s, kMicro)},
      {"origin", efficiency.origin},
  };
  if (!efficiency.source.empty()) {
    fractions["source"] = efficiency.source;
  }
  ordered_json entry = {
      {"name", type.name},
      {"compute_capability",
       std::to_string(type.compute_capability / 10) + "." +
           std::to_string(type.compute_capability % 10)},
      {"memory_mib", in_unit(type.memory_bytes, kMiB)},
      {"memory_bandwidth_gb_per_s", in_unit(type.memory_bandwidth_bytes_per_s, kGiga)},
      {"dense_fp16_tflops", in_unit(type.dense_flops_per_s, kTera)},
      {"dense_fp8_tflops", in_unit(type.dense_fp8_flops_per_s, kTera)},
  };
  if (type.sm_limit > 0) {
    entry["multiprocessors"] = type.sm_limit;
  }
  if (!gpu.aliases.empty()) {
    entry["aliases"] = gpu.aliases;
  }
  if (!gpu.usual_link.empty()) {
    entry["usual_link"] = gpu.usual_link;
  }
  entry["efficiency"] = std::move(fractions);
  return entry;
}

ordered_json link_type_to_json(const LinkType& type) {
  ordered_json entry = {
      {"name", type.name},
      {"latency_us", in_unit(type.link.latency_s, kMicro)},
      {"bandwidth_gb_per_s", in_unit(type.link.bandwidth_bytes_per_s, kGiga)},
      {"all_reduce_latency_us", in_unit(type.all_reduce_latency_s, kMicro)},
      {"all_reduce_fraction", type.all_reduce_fraction},
      {"origin", type.origin},
  };
  if (!type.source.empty()) {
    entry["source"] = type.source;
  }
  return entry;
}

}  // namespace hexgen
