#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "profiles/gpu_type.h"

namespace hexgen {

class LinkTimings;
struct NodeTimings;

/// A point-to-point path by the alpha-beta model: time of a transfer = latency + bytes / bandwidth.
struct Link {
  double latency_s = 0;
  double bandwidth_bytes_per_s = 0;  // one direction

  double transfer_s(double bytes) const { return latency_s + bytes / bandwidth_bytes_per_s; }

  bool operator==(const Link&) const = default;
};

/// How the devices of one node reach each other; an entry of profiles/links.json or of a cluster
/// file.
struct LinkType {
  std::string name;
  Link link;                         // between two devices of one node
  double all_reduce_latency_s = 0;   // of one of the all_reduce_latency_steps() inside the node
  double all_reduce_fraction = 1.0;  // of the link bandwidth that a large ring all-reduce reaches
  std::string origin = "default";    // "measured", "fitted" or "default"
  std::string source;
  std::shared_ptr<const LinkTimings> timings;  // null: not measured
};

/// Latencies that follow each other in an all-reduce over n devices: up and down a binary tree,
/// 2 ceil(log2 n), as NCCL sends small messages.
double all_reduce_latency_steps(int devices);

/// One machine with `gpus` devices of one type.
struct Node {
  std::string name;
  std::string region;
  int gpu_type = 0;  // index into Cluster::gpu_types
  int gpus = 0;
  int intra_link = 0;  // index into Cluster::link_types
  double price_per_hour = 0;
};

/// One GPU: `index` counts inside its node. Written "node:index" in plans.
struct Device {
  int node = 0;
  int index = 0;
};

/// Nodes and the links between them. Devices are numbered 0..num_devices()-1 in the order of the
/// nodes.
class Cluster {
 public:
  Cluster() = default;

  /// `node_links[a * nodes.size() + b]` is the path from node a to node b; the diagonal is not
  /// read. Throws InputError when sizes do not agree, a name repeats or an index is out of range.
  Cluster(std::string name,
          std::vector<GpuType> gpu_types,
          std::vector<LinkType> link_types,
          std::vector<Node> nodes,
          std::vector<Link> node_links);

  const std::string& name() const { return name_; }

  const std::vector<Node>& nodes() const { return nodes_; }

  const std::vector<GpuType>& gpu_types() const { return gpu_types_; }

  const std::vector<LinkType>& link_types() const { return link_types_; }

  int num_nodes() const { return static_cast<int>(nodes_.size()); }

  int num_devices() const { return static_cast<int>(devices_.size()); }

  const Device& device(int id) const { return devices_[static_cast<std::size_t>(id)]; }

  const Node& node_of(int device_id) const;
  const GpuType& gpu_of(int device_id) const;
  const LinkType& intra_link_of(int node) const;

  /// First device of a node; its devices are first_device(node) .. first_device(node) + gpus - 1.
  int first_device(int node) const { return first_device_[static_cast<std::size_t>(node)]; }

  /// Path between two devices: the node's own link inside a node, the node link otherwise.
  const Link& link(int from_device, int to_device) const;
  const Link& node_link(int from_node, int to_node) const;

  /// What was measured between two nodes, either way; null: nothing.
  std::shared_ptr<const NodeTimings> node_timings(int a, int b) const;
  void set_node_timings(int a, int b, std::shared_ptr<const NodeTimings> timings);

  /// "il-0:3"; the inverse throws InputError naming the text when there is no such device.
  std::string device_name(int id) const;
  int device_id(const std::string& name) const;

  double price_per_hour() const;

 private:
  std::string name_;
  std::vector<GpuType> gpu_types_;
  std::vector<LinkType> link_types_;
  std::vector<Node> nodes_;
  std::vector<Link> node_links_;
  std::map<std::pair<int, int>, std::shared_ptr<const NodeTimings>> node_timings_;
  std::vector<Device> devices_;
  std::vector<int> first_device_;
};

/// The cluster without the named nodes; all others keep their names and links. Throws InputError
/// for a name that it does not have and when nothing would be left.
Cluster without_nodes(const Cluster& cluster, const std::vector<std::string>& names);

}  // namespace hexgen
