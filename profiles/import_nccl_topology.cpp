#include "profiles/import_nccl_topology.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "profiles/errors.h"
#include "profiles/text_lines.h"
#include "profiles/xml_elements.h"

namespace hexgen {
namespace {

constexpr const char* kGpuClass = "0x0302";
constexpr const char* kSwitchClass = "0x0680";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

/// "16 GT/s", "32.0 GT/s PCIe" -> 4, 5; 0 for "" and speeds that no generation has.
int pcie_generation(const std::string& link_speed) {
  const double speed = number_in(link_speed.substr(0, link_speed.find(' '))).value_or(0);
  int generation = 0;
  for (const double of_generation : {2.5, 5.0, 8.0, 16.0, 32.0, 64.0}) {
    ++generation;
    if (speed == of_generation) {
      return generation;
    }
  }
  return 0;
}

class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path),
        elements_(read_xml(path)) {
    if (elements_[0].name == "graphs") {
      fail(elements_[0],
           "is a graph file (NCCL_GRAPH_DUMP_FILE), expected a topology (NCCL_TOPO_DUMP_FILE)");
    }
    if (elements_[0].name != "system") {
      fail(elements_[0], "root is <" + elements_[0].name + ">, expected <system>");
    }
  }

  NcclTopology read() {
    for (std::size_t e = 0; e < elements_.size(); ++e) {
      if (elements_[e].name == "pci" && is_gpu(elements_[e])) {
        add_gpu(static_cast<int>(e));
      } else if (elements_[e].name == "net") {
        add_net(elements_[e]);
      }
    }
    if (gpus_.empty()) {
      fail(elements_[0], "has no <pci> of class 0x0302.., so no GPU");
    }
    read_capability();
    add_paths();
    add_nvlinks();
    return std::move(topology_);
  }

 private:
  [[noreturn]] void fail(const XmlElement& element, const std::string& problem) const {
    throw InputError(path_ + ": line " + std::to_string(element.line) + ": " + problem);
  }

  static bool is_gpu(const XmlElement& pci) {
    return lower(pci.attribute("class")).rfind(kGpuClass, 0) == 0;
  }

  const XmlElement& element(int index) const { return elements_[static_cast<std::size_t>(index)]; }

  void add_gpu(int index) {
    const XmlElement& pci = element(index);
    const std::string bus_id = lower(pci.attribute("busid"));
    if (bus_id.empty()) {
      fail(pci, "a GPU has no busid");
    }
    if (!number_of_.emplace(bus_id, static_cast<int>(gpus_.size())).second) {
      fail(pci, "busid " + quoted(bus_id) + " stands here twice");
    }
    gpus_.push_back(index);
    topology_.bus_ids.push_back(bus_id);
    take_least(pcie_generation(pci.attribute("link_speed")), topology_.pcie_generation);
    take_least(count_in(pci.attribute("link_width")).value_or(0), topology_.pcie_lanes);
  }

  static void take_least(int known, int& least) {
    if (known > 0 && (least == 0 || known < least)) {
      least = known;
    }
  }

  void add_net(const XmlElement& net) {
    const auto megabits_per_s = number_in(net.attribute("speed"));
    if (!megabits_per_s || *megabits_per_s <= 0) {
      fail(net, "speed: " + quoted(net.attribute("speed")) + " is not a number of Mbit/s");
    }
    constexpr double kBytesPerMegabit = 1e6 / 8;
    topology_.nets.push_back({net.attribute("name"), *megabits_per_s * kBytesPerMegabit});
  }

  void read_capability() {
    for (const XmlElement& gpu : elements_) {
      if (gpu.name == "gpu" && !gpu.attribute("sm").empty()) {
        const auto sm = count_in(gpu.attribute("sm"));
        if (!sm || (topology_.compute_capability != 0 && *sm != topology_.compute_capability)) {
          fail(gpu, "sm: " + quoted(gpu.attribute("sm")) + ", expected one for all GPUs");
        }
        topology_.compute_capability = *sm;
      }
    }
  }

  /// From the element up to the root.
  std::vector<int> ancestors(int index) const {
    std::vector<int> above;
    for (int e = element(index).parent; e >= 0; e = element(e).parent) {
      above.push_back(e);
    }
    return above;
  }

  GpuPath pcie_path(int a, int b) const {
    const std::vector<int> above_a = ancestors(a);
    const std::vector<int> above_b = ancestors(b);
    const auto common =
        std::find_first_of(above_a.begin(), above_a.end(), above_b.begin(), above_b.end());
    const std::string& name = element(*common).name;
    return {name == "pci"   ? PathKind::kPcieSwitch
            : name == "cpu" ? PathKind::kHostBridge
                            : PathKind::kSockets};
  }

  void add_paths() {
    topology_.paths.gpus = static_cast<int>(gpus_.size());
    for (const int a : gpus_) {
      for (const int b : gpus_) {
        topology_.paths.paths.push_back(a == b ? GpuPath{} : pcie_path(a, b));
      }
    }
  }

  void join(int a, int b, int nvlinks) {
    const auto at = static_cast<std::size_t>(a) * gpus_.size() + static_cast<std::size_t>(b);
    topology_.paths.paths[at] = {PathKind::kNvLink, nvlinks};
  }

  /// NVLinks to a switch reach every GPU that has some; so do those whose target a virtual machine
  /// hides as "fffffff:ffff:ff", as NCCL takes them.
  void add_nvlinks() {
    std::map<int, int> to_switch;  // GPU -> links
    for (const XmlElement& nvlink : elements_) {
      if (nvlink.name == "nvlink") {
        add_nvlink(nvlink, to_switch);
      }
    }
    for (const auto& [a, links_a] : to_switch) {
      for (const auto& [b, links_b] : to_switch) {
        if (a != b) {
          join(a, b, std::min(links_a, links_b));
        }
      }
    }
  }

  void add_nvlink(const XmlElement& nvlink, std::map<int, int>& to_switch) {
    const int owner = owner_of(nvlink);
    const auto count = count_in(nvlink.attribute("count"));
    if (!count || *count == 0) {
      fail(nvlink, "count: " + quoted(nvlink.attribute("count")) + " is not a number of NVLinks");
    }
    const std::string target = lower(nvlink.attribute("target"));
    const auto peer = number_of_.find(target);
    const bool hidden = target.rfind("fffffff:ffff:ff", 0) == 0;
    if (hidden || lower(nvlink.attribute("tclass")).rfind(kSwitchClass, 0) == 0) {
      to_switch[owner] += *count;
    } else if (peer == number_of_.end() || peer->second == owner) {
      topology_.nvlink_peers_unknown = true;
    } else {
      join(owner, peer->second, *count);
      join(peer->second, owner, *count);
    }
  }

  int owner_of(const XmlElement& nvlink) const {
    for (int e = nvlink.parent; e >= 0; e = element(e).parent) {
      if (element(e).name == "pci" && is_gpu(element(e))) {
        return number_of_.at(lower(element(e).attribute("busid")));
      }
    }
    fail(nvlink, "<nvlink> stands in no GPU");
  }

  const std::string& path_;
  std::vector<XmlElement> elements_;
  std::vector<int> gpus_;  // indices of their <pci>
  std::map<std::string, int> number_of_;
  NcclTopology topology_;
};

}  // namespace

NcclTopology import_nccl_topology(const std::string& path) {
  return Reader(path).read();
}

}  // namespace hexgen
