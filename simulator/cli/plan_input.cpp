#include "simulator/cli/plan_input.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "cost_models/memory.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/names.h"
#include "profiles/sha256.h"
#include "simulator/network_map.h"

namespace hexgen {
namespace {

constexpr double kLatest_s = 1e9;

/// "NODE[:GPU]@SECONDS" of one flag, against one cluster.
class EventParser {
 public:
  EventParser(const char* flag, const std::string& text, const Cluster& cluster)
      : name_(std::string(flag) + " " + text),
        text_(text),
        at_(text.rfind('@')),
        cluster_(cluster) {
    if (at_ == std::string::npos || at_ == 0) {
      fail("expected NODE[:GPU]@SECONDS");
    }
  }

  DeviceEvent event(bool fails) const {
    return {.time = time(), .fails = fails, .devices = devices(), .name = name_};
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(name_ + ": " + problem);
  }

  SimTime time() const {
    const char* begin = text_.data() + at_ + 1;
    const char* end = text_.data() + text_.size();
    double seconds = -1;
    const auto parsed = std::from_chars(begin, end, seconds);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !(seconds >= 0 && seconds <= kLatest_s)) {
      fail("'" + text_.substr(at_ + 1) + "' is not a time from 0 to 1e9 s");
    }
    return to_sim_time(seconds);
  }

  std::vector<int> devices() const {
    const std::string place = text_.substr(0, at_);
    if (const auto node = node_index(place)) {
      std::vector<int> all;
      for (int gpu = 0; gpu < node_at(*node).gpus; ++gpu) {
        all.push_back(cluster_.first_device(*node) + gpu);
      }
      return all;
    }
    const auto colon = place.rfind(':');
    const std::string name = place.substr(0, colon);
    const auto node = node_index(name);
    if (!node) {
      fail("'" + name + "' is no node of cluster " + cluster_.name() + ", " +
           advice(name, node_names()));
    }
    return {cluster_.first_device(*node) + gpu_index(place.substr(colon + 1), node_at(*node))};
  }

  int gpu_index(const std::string& gpu, const Node& node) const {
    int index = -1;
    const auto parsed = std::from_chars(gpu.data(), gpu.data() + gpu.size(), index);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == gpu.data() + gpu.size();
    if (!whole || index < 0 || index >= node.gpus) {
      fail("'" + gpu + "' is no GPU of node " + node.name + ", expected 0 to " +
           std::to_string(node.gpus - 1));
    }
    return index;
  }

  const Node& node_at(int index) const { return cluster_.nodes()[static_cast<std::size_t>(index)]; }

  std::vector<std::string> node_names() const {
    std::vector<std::string> names;
    for (const Node& node : cluster_.nodes()) {
      names.push_back(node.name);
    }
    return names;
  }

  std::optional<int> node_index(const std::string& name) const {
    const auto names = node_names();
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<int>(found - names.begin()));
  }

  std::string name_;
  const std::string& text_;
  std::size_t at_;
  const Cluster& cluster_;
};

std::vector<AvailabilityChange> availability(const PlanFile& file, const WhatIf& what_if) {
  std::vector<DeviceEvent> events;
  for (const std::string& text : what_if.fail) {
    events.push_back(EventParser("--fail", text, file.cluster).event(true));
  }
  for (const std::string& text : what_if.recover) {
    events.push_back(EventParser("--recover", text, file.cluster).event(false));
  }
  if (!(what_if.restart_s >= 0 && what_if.restart_s <= kLatest_s)) {
    throw InputError("--restart-s: " + std::to_string(what_if.restart_s) +
                     " is not a time from 0 to 1e9 s");
  }
  return availability_changes(
      file.plan, file.cluster, std::move(events), to_sim_time(what_if.restart_s));
}

/// KV room by the cost model, pipeline by pipeline; 0 where not even the weights fit.
std::vector<std::int64_t> kv_room(const PlanFile& file) {
  std::vector<std::int64_t> room;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    room.push_back(kv_capacity_tokens(pipeline_memory(file.model, file.cluster, pipeline)));
  }
  return room;
}

/// Lets the KV capacity of the pipelines whose room changed follow it, and refuses what does not
/// fit. A capacity that is edited itself stays as it is.
void follow_memory(const PlanFile& original, const PlanFile& changed, nlohmann::json& document) {
  const auto& planned = original.plan.pipelines();
  const auto& pipelines = changed.plan.pipelines();
  const std::vector<std::int64_t> before = kv_room(original);
  const std::vector<std::int64_t> after = kv_room(changed);
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    std::int64_t capacity = pipelines[p].kv_capacity_tokens;
    const bool as_planned = p < planned.size() && capacity == planned[p].kv_capacity_tokens;
    if (as_planned && after[p] == before[p]) {
      continue;
    }
    if (as_planned) {
      capacity = std::max<std::int64_t>(after[p], 1);
      document["pipelines"][p]["kv_capacity_tokens"] = capacity;
    }
    check_pipeline_memory(pipelines[p], p, changed.model, changed.cluster, capacity);
  }
}

PlanFile edited_plan(const std::string& text, const std::string& path, const Edits& edits) {
  const PlanFile original = parse_plan(text, path);
  const std::string label = path + " with --set";
  nlohmann::json document = nlohmann::json::parse(text);
  for (const char* root : {"cluster", "pipelines"}) {
    edits.apply(root, document[root]);
  }
  follow_memory(original, parse_plan(document.dump(), label), document);
  return parse_plan(document.dump(), label);
}

}  // namespace

LoadedPlan load_plan(const std::string& path, const WhatIf& what_if, const Edits& edits) {
  const std::string text = read_file(path);
  const bool edited = edits.any_of("cluster") || edits.any_of("pipelines");
  LoadedPlan loaded = {.input = {.role = "plan",
                                 .name = std::filesystem::path(path).stem().string(),
                                 .sha256 = sha256_hex(text)},
                       .file = edited ? edited_plan(text, path, edits) : parse_plan(text, path)};
  make_system(what_if, loaded);
  return loaded;
}

void make_system(const WhatIf& what_if, LoadedPlan& loaded) {
  loaded.system = make_serving_system(loaded.file.plan, loaded.file.model, loaded.file.cluster);
  loaded.system.availability = availability(loaded.file, what_if);
  if (what_if.network == "shared") {
    share_network(loaded.file.plan, loaded.file.cluster, loaded.system);
  } else if (what_if.network != "exclusive") {
    throw InputError("--network: '" + what_if.network + "' is not known, " +
                     advice(what_if.network, {"shared", "exclusive"}));
  }
}

SimTime horizon(const WhatIf& what_if) {
  if (!what_if.until_s) {
    return kEndOfTime;
  }
  if (!(*what_if.until_s > 0 && *what_if.until_s <= kLatest_s)) {
    throw InputError("--until: " + std::to_string(*what_if.until_s) +
                     " is not a time above 0 and up to 1e9 s");
  }
  return to_sim_time(*what_if.until_s);
}

}  // namespace hexgen
