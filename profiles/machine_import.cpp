#include "profiles/machine_import.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "profiles/catalogue.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/import_nccl_tests.h"
#include "profiles/import_nccl_topology.h"
#include "profiles/import_nvidia_smi.h"
#include "profiles/path_link.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// The GPUs of one type in one host: a node of the cluster.
struct GpuGroup {
  std::string host;
  CatalogueGpu gpu;
  std::vector<int> numbers;  // of its GPUs in the host
  PcieSlot slot;             // of its slowest GPU
};

std::string percent(double share) {
  std::string text = std::to_string(std::round(1000 * share) / 10);
  return text.substr(0, text.find('.') + 2) + " %";
}

/// One file of nccl-tests with the fit to it.
struct FittedTest {
  NcclTest test;
  LinearFit fit;

  std::string said_of(const std::string& program) const {
    return program + " of nccl-tests, " + std::to_string(test.ranks.size()) + " ranks, " +
           std::to_string(test.messages.size()) + " sizes: off by " + percent(fit.median_error) +
           " (median), " + percent(fit.largest_error) + " (most)";
  }
};

std::optional<FittedTest> fitted(const std::string& path, NcclCollective collective) {
  if (path.empty()) {
    return std::nullopt;
  }
  NcclTest test = import_nccl_tests(path, collective);
  try {
    const LinearFit fit = fit_nccl_test(test, collective);
    return FittedTest{std::move(test), fit};
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
}

class Importer {
 public:
  explicit Importer(const MachineFiles& files)
      : files_(files),
        all_reduce_(fitted(files.nccl_all_reduce, NcclCollective::kAllReduce)),
        send_recv_(fitted(files.nccl_send_recv, NcclCollective::kSendRecv)) {}

  ImportedCluster import() {
    read_paths();
    find_gpus();
    note_tests();
    return {.cluster = make_cluster(), .notes = std::move(notes_)};
  }

 private:
  void read_paths() {
    if (!files_.nccl_topology.empty()) {
      NcclTopology topology = import_nccl_topology(files_.nccl_topology);
      slot_ = {topology.pcie_generation, topology.pcie_lanes};
      capability_ = topology.compute_capability;
      paths_ = std::move(topology.paths);
      paths_file_ = files_.nccl_topology;
      note_topology(topology);
    }
    if (!files_.topology_matrix.empty()) {  // knows more of NVLinks
      GpuPaths matrix = import_topology_matrix(files_.topology_matrix);
      if (paths_ && paths_->gpus != matrix.gpus) {
        throw InputError(files_.topology_matrix + ": " + std::to_string(matrix.gpus) + " GPUs, " +
                         paths_file_ + " has " + std::to_string(paths_->gpus));
      }
      paths_ = std::move(matrix);
      paths_file_ = files_.topology_matrix;
    }
  }

  void note_topology(const NcclTopology& topology) {
    if (topology.nvlink_peers_unknown && files_.topology_matrix.empty()) {
      notes_.push_back(
          "The topology hides which GPUs its NVLinks join; they are taken to be absent. "
          "nvidia-smi topo -m tells.");
    }
    for (const NetInterface& net : topology.nets) {
      notes_.push_back("Network interface " + net.name + ": " +
                       std::to_string(std::lround(net.bandwidth_bytes_per_s * 8 / kGiga)) +
                       " Gbit/s.");
    }
  }

  /// Fills groups_.
  void find_gpus() {
    if (!files_.nvidia_smi.empty()) {
      const std::vector<ListedGpu> gpus = import_nvidia_smi(files_.nvidia_smi);
      for (std::size_t g = 0; g < gpus.size(); ++g) {
        add_listed(gpus[g], static_cast<int>(g));
      }
      check_count(gpus.size());
      return;
    }
    if (const FittedTest* leading = leading_test()) {
      std::map<std::string, int> of_host;
      for (const NcclRank& rank : leading->test.ranks) {
        add(rank.host, gpu_type(rank.gpu, leading_file()), of_host[rank.host]++, slot_);
      }
      return;
    }
    if (!paths_ || files_.gpu_type.empty()) {
      throw InputError(paths_ ? paths_file_ + ": names no GPU type, expected --gpu-type"
                              : "--import: nothing says which GPUs the machine has");
    }
    for (int g = 0; g < paths_->gpus; ++g) {
      add("node", gpu_type(files_.gpu_type, paths_file_), g, slot_);
    }
  }

  static bool spans_hosts(const std::optional<FittedTest>& test) {
    return test && test->test.hosts().size() > 1;
  }

  /// The test that says most about which machines there are; send/recv says most about links.
  bool send_recv_leads() const {
    return send_recv_ && (spans_hosts(send_recv_) || !all_reduce_ ||
                          (!spans_hosts(all_reduce_) &&
                           send_recv_->test.ranks.size() > all_reduce_->test.ranks.size()));
  }

  const FittedTest* leading_test() const {
    return send_recv_leads() ? &*send_recv_ : all_reduce_ ? &*all_reduce_ : nullptr;
  }

  const std::string& leading_file() const {
    return send_recv_leads() ? files_.nccl_send_recv : files_.nccl_all_reduce;
  }

  std::string leading_program() const {
    return send_recv_leads() ? "sendrecv_perf" : "all_reduce_perf";
  }

  std::string listed_host() const {
    const FittedTest* leading = leading_test();
    return leading == nullptr ? "node" : leading->test.ranks.front().host;
  }

  CatalogueGpu gpu_type(const std::string& name, const std::string& file) const {
    const std::string& wanted = files_.gpu_type.empty() ? name : files_.gpu_type;
    try {
      const CatalogueGpu& gpu = catalogue_.gpu(wanted);
      if (capability_ != 0 && capability_ != gpu.type.compute_capability) {
        throw InputError(files_.nccl_topology + ": sm " + std::to_string(capability_) + ", a " +
                         gpu.type.name + " has " + std::to_string(gpu.type.compute_capability));
      }
      return gpu;
    } catch (const InputError& error) {
      throw InputError(files_.gpu_type.empty() && catalogue_.find_gpu(name) == nullptr
                           ? file + ": " + error.what() + "; --gpu-type says which it is"
                           : error.what());
    }
  }

  void add_listed(const ListedGpu& listed, int number) {
    constexpr double kReserved = 0.1;  // ECC and driver take some of what the catalogue counts
    CatalogueGpu gpu = gpu_type(listed.name, files_.nvidia_smi);
    const double share = listed.memory_bytes / gpu.type.memory_bytes;
    if (std::abs(share - 1) > kReserved) {
      throw InputError(files_.nvidia_smi + ": " + listed.name + " reports " +
                       std::to_string(std::llround(listed.memory_bytes / kMiB)) + " MiB, a " +
                       gpu.type.name + " has " +
                       std::to_string(std::llround(gpu.type.memory_bytes / kMiB)));
    }
    gpu.type.memory_bytes = listed.memory_bytes;
    add(listed_host(),
        std::move(gpu),
        number,
        {listed.pcie_generation > 0 ? listed.pcie_generation : slot_.generation,
         listed.pcie_lanes > 0 ? listed.pcie_lanes : slot_.lanes});
  }

  /// The slowest slot and the least memory of a group count.
  void add(const std::string& host, CatalogueGpu gpu, int number, const PcieSlot& slot) {
    const auto group = std::find_if(groups_.begin(), groups_.end(), [&](const GpuGroup& known) {
      return known.host == host && known.gpu.type.name == gpu.type.name;
    });
    if (group == groups_.end()) {
      groups_.push_back({host, std::move(gpu), {number}, slot});
      return;
    }
    group->numbers.push_back(number);
    double& memory_bytes = group->gpu.type.memory_bytes;
    memory_bytes = std::min(memory_bytes, gpu.type.memory_bytes);
    group->slot = {std::min(group->slot.generation, slot.generation),
                   std::min(group->slot.lanes, slot.lanes)};
  }

  void check_count(std::size_t gpus) const {
    if (paths_ && static_cast<std::size_t>(paths_->gpus) != gpus) {
      throw InputError(paths_file_ + ": " + std::to_string(paths_->gpus) + " GPUs, " +
                       files_.nvidia_smi + " has " + std::to_string(gpus));
    }
    for (const auto* test : {&all_reduce_, &send_recv_}) {
      if (spans_hosts(*test)) {
        throw InputError(files_.nvidia_smi +
                         ": is of one machine, and the test ran on several; import them apart");
      }
    }
  }

  void note_tests() {
    for (const auto* test : {&all_reduce_, &send_recv_}) {
      if (*test && !(*test)->test.complete) {
        notes_.push_back("The output of a test of nccl-tests ends before its summary.");
      }
    }
  }

  GpuPath slowest_path(const std::vector<int>& from, const std::vector<int>& to) const {
    GpuPath slowest = {PathKind::kNvLink, 0};
    for (const int a : from) {
      for (const int b : to) {
        const GpuPath& path = a == b ? slowest : paths_->between(a, b);
        const bool fewer = path.nvlinks < slowest.nvlinks || slowest.nvlinks == 0;
        if (path.kind > slowest.kind || (path.kind == slowest.kind && fewer)) {
          slowest = path;
        }
      }
    }
    return slowest;
  }

  /// The catalogue's idea of the link inside a group.
  LinkType untested_link(const GpuGroup& group) {
    if (!paths_ || group.numbers.size() < 2) {
      const bool pcie = group.gpu.usual_link.rfind("pcie", 0) == 0;
      return pcie ? link_of_path({}, group.gpu, group.slot, catalogue_)
                  : catalogue_.link(group.gpu.usual_link);
    }
    const GpuPath path = slowest_path(group.numbers, group.numbers);
    notes_.push_back("The slowest pair of " + std::to_string(group.numbers.size()) + " " +
                     group.gpu.type.name + " is joined by " + path_name(path) + ".");
    try {
      return link_of_path(path, group.gpu, group.slot, catalogue_);
    } catch (const InputError& error) {
      throw InputError(paths_file_ + ": " + error.what());
    }
  }

  /// With what tests inside one host measured.
  LinkType link_of(const GpuGroup& group) {
    LinkType type = untested_link(group);
    std::string source;
    if (send_recv_ && !spans_hosts(send_recv_)) {
      const LinearFit& fit = send_recv_->fit;
      type.link = {.latency_s = fit.fixed, .bandwidth_bytes_per_s = 1 / fit.variable};
      source = send_recv_->said_of("sendrecv_perf");
    }
    if (all_reduce_ && !spans_hosts(all_reduce_)) {
      const LinearFit& fit = all_reduce_->fit;
      type.all_reduce_latency_s = fit.fixed;
      type.all_reduce_fraction = std::min(1.0, 1 / fit.variable / type.link.bandwidth_bytes_per_s);
      source += (source.empty() ? "" : "; ") + all_reduce_->said_of("all_reduce_perf");
    }
    if (!source.empty()) {
      type.name += ":nccl-tests";
      type.origin = "fitted";
      type.source = source;
    }
    return type;
  }

  /// Between groups of one host through its PCIe, between hosts as tested.
  Link link_between(const GpuGroup& a, const GpuGroup& b) {
    if (a.host == b.host) {
      const GpuPath path = paths_ ? slowest_path(a.numbers, b.numbers) : GpuPath{};
      const GpuGroup& slower = a.slot.lanes < b.slot.lanes ? a : b;
      return link_of_path(path, slower.gpu, slower.slot, catalogue_).link;
    }
    const FittedTest& test = *leading_test();
    if (test.test.hosts().size() != test.test.ranks.size()) {
      throw InputError(leading_file() +
                       ": several ranks a host on several hosts say nothing about one link, "
                       "expected one rank a host");
    }
    return {.latency_s = test.fit.fixed, .bandwidth_bytes_per_s = 1 / test.fit.variable};
  }

  Cluster make_cluster() {
    std::vector<GpuType> types;
    std::vector<LinkType> link_types;
    std::vector<Node> nodes;
    for (const GpuGroup& group : groups_) {
      nodes.push_back({.name = node_name(group),
                       .region = "local",
                       .gpu_type = index_of(group.gpu.type, types),
                       .gpus = static_cast<int>(group.numbers.size()),
                       .intra_link = index_of(link_of(group), link_types)});
    }
    std::vector<Link> links;
    for (const GpuGroup& a : groups_) {
      for (const GpuGroup& b : groups_) {
        links.push_back(&a == &b ? Link{} : link_between(a, b));
      }
    }
    note_links_between_hosts();
    return {"imported", std::move(types), std::move(link_types), std::move(nodes), links};
  }

  void note_links_between_hosts() {
    const FittedTest* leading = leading_test();
    if (leading != nullptr && leading->test.hosts().size() > 1) {
      notes_.push_back("Links between the nodes: " + leading->said_of(leading_program()) + ".");
    }
  }

  /// The host's name, numbered where its GPUs are of several types.
  std::string node_name(const GpuGroup& group) const {
    int before = 0;
    int all = 0;
    for (const GpuGroup& other : groups_) {
      before += other.host == group.host && &other < &group ? 1 : 0;
      all += other.host == group.host ? 1 : 0;
    }
    return all == 1 ? group.host : group.host + "-" + std::to_string(before);
  }

  template <typename Type>
  static int index_of(Type type, std::vector<Type>& types) {
    const auto known = std::find_if(
        types.begin(), types.end(), [&](const Type& other) { return other.name == type.name; });
    if (known != types.end()) {
      return static_cast<int>(known - types.begin());
    }
    types.push_back(std::move(type));
    return static_cast<int>(types.size()) - 1;
  }

  const MachineFiles& files_;
  Catalogue catalogue_ = Catalogue::builtin();
  std::optional<FittedTest> all_reduce_;
  std::optional<FittedTest> send_recv_;
  std::optional<GpuPaths> paths_;
  std::string paths_file_;
  PcieSlot slot_;       // by the topology
  int capability_ = 0;  // by the topology; 0: not known
  std::vector<GpuGroup> groups_;
  std::vector<std::string> notes_;
};

}  // namespace

ImportedCluster import_machine(const MachineFiles& files) {
  return Importer(files).import();
}

std::string imported_cluster_text(const ImportedCluster& imported) {
  nlohmann::ordered_json document = cluster_to_json(imported.cluster);
  std::string notes;
  for (const std::string& note : imported.notes) {
    notes += (notes.empty() ? "" : " ") + note;
  }
  if (!notes.empty()) {
    document["notes"] = notes;
  }
  std::string text = document.dump(1) + "\n";
  parse_cluster({.role = "cluster", .name = "imported", .label = "the import", .text = text});
  return text;
}

}  // namespace hexgen
