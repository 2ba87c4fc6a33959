#include "planner/cluster_change.h"

#include <algorithm>
#include <charconv>

#include "profiles/errors.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

int find_node(const Cluster& cluster, const std::string& name) {
  const auto& nodes = cluster.nodes();
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == name; });
  return found == nodes.end() ? -1 : static_cast<int>(found - nodes.begin());
}

std::vector<std::string> node_names(const Cluster& cluster) {
  std::vector<std::string> names;
  for (const Node& node : cluster.nodes()) {
    names.push_back(node.name);
  }
  return names;
}

/// Devices of "node" or "node:index".
std::vector<int> named_devices(const Cluster& cluster, const std::string& text) {
  int node = find_node(cluster, text);
  int first = 0;
  int count = node < 0 ? 1 : cluster.nodes()[static_cast<std::size_t>(node)].gpus;
  if (node < 0) {
    const std::size_t colon = std::min(text.rfind(':'), text.size());
    node = find_node(cluster, text.substr(0, colon));
    if (node < 0) {
      throw InputError("--lost: '" + text + "' is no node of cluster " + cluster.name() + ", " +
                       advice(text.substr(0, colon), node_names(cluster)));
    }
    const int gpus = cluster.nodes()[static_cast<std::size_t>(node)].gpus;
    const std::string index = text.substr(std::min(colon + 1, text.size()));
    const auto parsed = std::from_chars(index.data(), index.data() + index.size(), first);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == index.data() + index.size();
    if (!whole || first < 0 || first >= gpus) {
      throw InputError("--lost: '" + text + "': '" + index + "' is no GPU of node " +
                       text.substr(0, colon) + ", expected 0 to " + std::to_string(gpus - 1));
    }
  }
  std::vector<int> devices;
  for (int i = 0; i < count; ++i) {
    devices.push_back(cluster.first_device(node) + first + i);
  }
  return devices;
}

/// A node of the changed cluster: its number in the old cluster and in the file of joined nodes, -1
/// where it is not there.
struct Member {
  Node node;
  int old = -1;
  int joined = -1;
  std::vector<int> usable_indices;
};

std::string shown(const Node& node) {
  return node.name + " (" + node.region + ")";
}

/// Link of the first two nodes of `cluster` that stand in these regions; null when there are none.
const Link* link_of_regions(const Cluster& cluster, const std::string& a, const std::string& b) {
  for (int from = 0; from < cluster.num_nodes(); ++from) {
    for (int to = 0; to < cluster.num_nodes(); ++to) {
      const bool stand = cluster.nodes()[static_cast<std::size_t>(from)].region == a &&
                         cluster.nodes()[static_cast<std::size_t>(to)].region == b;
      if (from != to && stand) {
        return &cluster.node_link(from, to);
      }
    }
  }
  return nullptr;
}

class ChangeMaker {
 public:
  ChangeMaker(const Cluster& old, const Cluster* joined)
      : old_(old),
        joined_(joined),
        gpu_types_(old.gpu_types()),
        link_types_(old.link_types()) {}

  void lose(const std::vector<std::string>& lost) {
    is_lost_.assign(static_cast<std::size_t>(old_.num_devices()), false);
    for (const std::string& text : lost) {
      for (const int device : named_devices(old_, text)) {
        is_lost_[static_cast<std::size_t>(device)] = true;
      }
    }
    for (int n = 0; n < old_.num_nodes(); ++n) {
      Member member = {.node = old_.nodes()[static_cast<std::size_t>(n)], .old = n};
      for (int i = 0; i < member.node.gpus; ++i) {
        if (!is_lost_[static_cast<std::size_t>(old_.first_device(n) + i)]) {
          member.usable_indices.push_back(i);
        }
      }
      if (!member.usable_indices.empty()) {
        members_.push_back(std::move(member));
      }
    }
  }

  void join() {
    for (int n = 0; joined_ != nullptr && n < joined_->num_nodes(); ++n) {
      const Node& node = joined_->nodes()[static_cast<std::size_t>(n)];
      const auto known = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
        return member.node.name == node.name;
      });
      if (known != members_.end()) {
        require_same(known->node, node);
        known->joined = n;
      } else {
        add(n);
      }
    }
  }

  ClusterChange change() const {
    ClusterChange change = {.cluster = make_cluster(false), .usable = make_cluster(true)};
    change.usable_of_old.assign(is_lost_.size(), -1);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      for (const int index : member.usable_indices) {
        const int usable = static_cast<int>(change.device_of_usable.size());
        change.device_of_usable.push_back(change.cluster.first_device(static_cast<int>(m)) + index);
        if (member.old >= 0) {
          change.usable_of_old[static_cast<std::size_t>(old_.first_device(member.old) + index)] =
              usable;
        }
      }
      if (member.old < 0) {
        change.joined.push_back(member.node.name);
      }
    }
    for (std::size_t device = 0; device < is_lost_.size(); ++device) {
      if (is_lost_[device]) {
        change.lost.push_back(old_.device_name(static_cast<int>(device)));
      }
    }
    return change;
  }

 private:
  /// The number of a type of this name, which is added where there is none: the old cluster's may
  /// be measured.
  template <typename Type>
  static int type_number(std::vector<Type>& types, const Type& type) {
    const auto found = std::find_if(
        types.begin(), types.end(), [&](const Type& known) { return known.name == type.name; });
    if (found != types.end()) {
      return static_cast<int>(found - types.begin());
    }
    types.push_back(type);
    return static_cast<int>(types.size()) - 1;
  }

  void add(int n) {
    Member member = {.node = joined_->nodes()[static_cast<std::size_t>(n)], .joined = n};
    member.node.gpu_type = type_number(
        gpu_types_, joined_->gpu_types()[static_cast<std::size_t>(member.node.gpu_type)]);
    member.node.intra_link = type_number(link_types_, joined_->intra_link_of(n));
    for (int i = 0; i < member.node.gpus; ++i) {
      member.usable_indices.push_back(i);
    }
    members_.push_back(std::move(member));
  }

  void require_same(const Node& old, const Node& node) const {
    const std::string& old_type = gpu_types_[static_cast<std::size_t>(old.gpu_type)].name;
    const std::string& type = joined_->gpu_types()[static_cast<std::size_t>(node.gpu_type)].name;
    if (old_type != type || old.gpus != node.gpus || old.region != node.region) {
      throw InputError("--joined: node " + shown(node) + " has " + std::to_string(node.gpus) +
                       "x " + type + ", expected " + std::to_string(old.gpus) + "x " + old_type +
                       " in " + old.region + " as in the plan, or another name");
    }
  }

  Link link_between(const Member& a, const Member& b) const {
    if (a.old >= 0 && b.old >= 0) {
      return old_.node_link(a.old, b.old);
    }
    if (a.joined >= 0 && b.joined >= 0) {
      return joined_->node_link(a.joined, b.joined);
    }
    for (const Cluster* cluster : {&old_, joined_}) {
      if (const Link* link = link_of_regions(*cluster, a.node.region, b.node.region)) {
        return *link;
      }
    }
    throw InputError("--joined: no link between nodes " + shown(a.node) + " and " + shown(b.node) +
                     ": list the first among the joined nodes to say it");
  }

  Cluster make_cluster(bool only_usable) const {
    std::vector<Node> nodes;
    std::vector<Link> links;
    for (const Member& from : members_) {
      nodes.push_back(from.node);
      if (only_usable) {
        nodes.back().gpus = static_cast<int>(from.usable_indices.size());
      }
      for (const Member& to : members_) {
        links.push_back(&from == &to ? Link{} : link_between(from, to));
      }
    }
    return {old_.name(), gpu_types_, link_types_, std::move(nodes), std::move(links)};
  }

  const Cluster& old_;
  const Cluster* joined_;
  std::vector<GpuType> gpu_types_;
  std::vector<LinkType> link_types_;
  std::vector<bool> is_lost_;  // [device of old_]
  std::vector<Member> members_;
};

}  // namespace

ClusterChange change_cluster(const Cluster& old,
                             const std::vector<std::string>& lost,
                             const Cluster* joined) {
  ChangeMaker maker(old, joined);
  maker.lose(lost);
  maker.join();
  return maker.change();
}

}  // namespace hexgen
