#include "profiles/cluster_json.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "profiles/builtin_files.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/price_list.h"

using hexgen::Cluster;
using hexgen::InputError;
using hexgen::Link;

namespace {

Cluster parse(const std::string& text) {
  return hexgen::parse_cluster(
      {.role = "cluster", .name = "given", .label = "c.json", .text = text});
}

/// Nodes a, b in region x and c in region y with T4s; `rest` are further members, each with a comma
/// in front.
std::string three_nodes(const std::string& rest) {
  std::string nodes;
  for (const std::string name_and_region : {"ax", "bx", "cy"}) {
    nodes += (nodes.empty() ? "" : ",") + std::string(R"({"name": ")") + name_and_region[0] +
             R"(", "region": ")" + name_and_region[1] + R"(", "gpu_type": "T4", "gpus": 2})";
  }
  return R"({"format": "hexgen.cluster/1", "nodes": [)" + nodes + "]" + rest + "}";
}

Cluster read_back(const Cluster& cluster) {
  return parse(hexgen::cluster_to_json(cluster).dump());
}

void check_same(const Cluster& a, const Cluster& b) {
  CHECK(hexgen::cluster_to_json(a) == hexgen::cluster_to_json(b));
  REQUIRE(a.num_devices() == b.num_devices());
  for (int i = 0; i < a.num_devices(); ++i) {
    CHECK(a.device_name(i) == b.device_name(i));
    CHECK(a.gpu_of(i) == b.gpu_of(i));
    for (int j = 0; j < a.num_devices(); ++j) {
      CHECK(a.link(i, j) == b.link(i, j));
    }
  }
  CHECK(a.price_per_hour() == b.price_per_hour());
}

}  // namespace

TEST_CASE("the paper's clusters cost what the paper says") {
  CHECK(hexgen::read_cluster("hexgen-homogeneous").price_per_hour() == 65.54);
  CHECK(hexgen::read_cluster("hexgen-full").price_per_hour() == 65.04);
  CHECK(hexgen::read_cluster("hexgen-half").price_per_hour() == 29.6);
}

TEST_CASE("the paper's clusters have the paper's GPUs") {
  const auto gpus_by_type = [](const std::string& name) {
    const Cluster cluster = hexgen::read_cluster(name);
    std::map<std::string, int> counts;
    for (int id = 0; id < cluster.num_devices(); ++id) {
      ++counts[cluster.gpu_of(id).name];
    }
    return counts;
  };
  using Counts = std::map<std::string, int>;
  CHECK(gpus_by_type("hexgen-homogeneous") == Counts{{"A100-SXM4-40GB", 16}});
  // 8 + 8 + 4 A6000, 8 + 8 A5000, 8 + 8 + 3 + 3 3090 Ti: 58.
  CHECK(gpus_by_type("hexgen-full") ==
        Counts{{"RTX-A6000", 20}, {"RTX-A5000", 16}, {"RTX-3090-Ti", 22}});
  CHECK(gpus_by_type("hexgen-half") == Counts{{"RTX-A5000", 8}, {"RTX-3090-Ti", 22}});
  CHECK(gpus_by_type("case-study") == Counts{{"RTX-A6000", 4}, {"RTX-A5000", 2}, {"RTX-A4000", 2}});
}

TEST_CASE("the half-price cluster is the full-price one without its largest region") {
  const Cluster half = hexgen::read_cluster("hexgen-half");
  const Cluster full = hexgen::read_cluster("hexgen-full");
  double price_elsewhere = 0;
  for (const hexgen::Node& node : full.nodes()) {
    price_elsewhere += node.region == "illinois" ? node.price_per_hour : 0;
  }
  CHECK(price_elsewhere == doctest::Approx(65.04 - 29.6).epsilon(1e-12));
  for (int id = 0; id < half.num_devices(); ++id) {  // the first devices of the full one
    CHECK(half.device_name(id) == full.device_name(id));
    CHECK(half.gpu_of(id).name == full.gpu_of(id).name);
    CHECK(full.node_of(id).region != "illinois");
  }
}

TEST_CASE(
    "machines of the paper are 50 ms and 2 Gb/s apart across regions, 0.5 ms and 9.6 inside") {
  const Cluster full = hexgen::read_cluster("hexgen-full");
  for (int a = 0; a < full.num_nodes(); ++a) {
    for (int b = 0; b < full.num_nodes(); ++b) {
      const auto index = [](int i) { return static_cast<std::size_t>(i); };
      const bool near = full.nodes()[index(a)].region == full.nodes()[index(b)].region;
      if (a != b) {
        CHECK(full.node_link(a, b).latency_s == doctest::Approx(near ? 0.5e-3 : 50e-3));
        CHECK(full.node_link(a, b).bandwidth_bytes_per_s ==
              doctest::Approx(near ? 9.6e9 / 8 : 2e9 / 8));
      }
    }
  }
}

TEST_CASE("the most special link applies: nodes before regions before same_region") {
  const Cluster cluster = parse(three_nodes(R"(, "links": {
      "same_region": {"latency_ms": 1, "bandwidth_gb_per_s": 10},
      "regions": [{"between": ["y", "x"], "latency_ms": 2, "bandwidth_gb_per_s": 20}],
      "nodes": [{"between": ["c", "a"], "latency_ms": 3, "bandwidth_gb_per_s": 30}]})"));
  CHECK(cluster.node_link(0, 1) == Link{1e-3, 10e9});
  CHECK(cluster.node_link(1, 2) == Link{2e-3, 20e9});
  CHECK(cluster.node_link(0, 2) == Link{3e-3, 30e9});
  CHECK(cluster.node_link(2, 0) == cluster.node_link(0, 2));
}

TEST_CASE("a region may have a link of its own") {
  const Cluster cluster = parse(three_nodes(R"(, "links": {
      "same_region": {"latency_ms": 1, "bandwidth_gb_per_s": 10},
      "regions": [{"between": ["x", "x"], "latency_ms": 2, "bandwidth_gb_per_s": 20},
                  {"between": ["x", "y"], "latency_ms": 9, "bandwidth_gb_per_s": 1}]})"));
  CHECK(cluster.node_link(0, 1) == Link{2e-3, 20e9});
}

TEST_CASE("a single node needs no links, and has its GPU type's usual link") {
  const Cluster cluster = parse(R"({"format": "hexgen.cluster/1", "nodes": [
      {"name": "n", "region": "r", "gpu_type": "Tesla T4", "gpus": 4}]})");
  CHECK(cluster.num_devices() == 4);
  CHECK(cluster.gpu_of(0).name == "T4");
  CHECK(cluster.gpu_of(0).sm_limit == 0);
  CHECK(cluster.intra_link_of(0).name == "pcie3");
  CHECK(cluster.name() == "given");
  CHECK(cluster.price_per_hour() == 0);
}

TEST_CASE("an inline GPU or link type changes the keys it has and keeps the catalogue's others") {
  const Cluster cluster = parse(R"({"format": "hexgen.cluster/1",
      "gpu_types": [{"name": "T4", "memory_mib": 1000,
                     "efficiency": {"memory_fraction": 0.5, "origin": "measured"}}],
      "link_types": [{"name": "pcie3", "latency_us": 99}],
      "nodes": [{"name": "n", "region": "r", "gpu_type": "T4", "gpus": 1}]})");
  const hexgen::GpuType& gpu = cluster.gpu_of(0);
  CHECK(gpu.memory_bytes == 1000 * 1048576.0);
  CHECK(gpu.memory_bandwidth_bytes_per_s == 320e9);
  CHECK(gpu.efficiency.memory_fraction == 0.5);
  CHECK(gpu.efficiency.origin == "measured");
  CHECK(cluster.intra_link_of(0).link.latency_s == doctest::Approx(99e-6));
  CHECK(cluster.intra_link_of(0).link.bandwidth_bytes_per_s == 16e9);
}

TEST_CASE("every shipped cluster reads back the same from what is written of it") {
  for (const std::string& name : hexgen::builtin_names("clusters")) {
    CAPTURE(name);
    const Cluster cluster = hexgen::read_cluster(name);
    check_same(cluster, read_back(cluster));
  }
}

TEST_CASE("a cluster with links between single nodes and changed types reads back the same") {
  const Cluster cluster = parse(three_nodes(R"(, "name": "odd",
      "gpu_types": [{"name": "T4", "multiprocessors": 24, "memory_mib": 15109.5,
                     "dense_fp16_tflops": 64.9, "efficiency": {"layer_overhead_us": 17.3}}],
      "links": {"same_region": {"latency_ms": 0.3, "bandwidth_gb_per_s": 1.1},
                "regions": [{"between": ["x", "y"], "latency_ms": 0.7, "bandwidth_gb_per_s": 0.3}],
                "nodes": [{"between": ["c", "a"], "latency_ms": 0.9, "bandwidth_gb_per_s": 7.7}]})"));
  CHECK(cluster.gpu_of(0).sm_limit == 24);
  check_same(cluster, read_back(cluster));
}

TEST_CASE("a written cluster needs no catalogue: its types stand in it") {
  const nlohmann::ordered_json written =
      hexgen::cluster_to_json(hexgen::read_cluster("case-study"));
  CHECK(written["gpu_types"].size() == 3);
  CHECK(written["link_types"].size() == 1);
  CHECK(written["gpu_types"][0]["memory_bandwidth_gb_per_s"] == 768);
}

TEST_CASE("links that differ by direction cannot be written") {
  const hexgen::GpuType gpu = {.name = "g"};
  const std::vector<hexgen::Node> nodes = {{.name = "a", .region = "r", .gpus = 1},
                                           {.name = "b", .region = "r", .gpus = 1}};
  const Cluster cluster("odd", {gpu}, {{}}, nodes, {{}, {1e-3, 1e9}, {2e-3, 1e9}, {}});
  CHECK_THROWS_WITH_AS(
      hexgen::cluster_to_json(cluster),
      "cluster odd: the link between a and b differs by direction, which a file cannot say",
      InputError);
}

TEST_CASE("without some of its nodes a cluster keeps the names and links of the others") {
  const Cluster whole = hexgen::parse_cluster(hexgen::load_cluster_file("hexgen-full"));
  const Cluster part = hexgen::without_nodes(whole, {"ic-1", "il-0"});
  CHECK(part.num_nodes() == whole.num_nodes() - 2);
  CHECK(part.num_devices() == whole.num_devices() - 16);
  CHECK(part.nodes()[1].name == "no-0");
  // ic-0 and the last node are the first and the last of both.
  CHECK(part.node_link(0, part.num_nodes() - 1) == whole.node_link(0, whole.num_nodes() - 1));
  CHECK_THROWS_WITH_AS(
      without_nodes(whole, {"x"}), "cluster hexgen-full: has no node 'x' to leave out", InputError);
}

TEST_CASE("rented machines are named after their offers and linked as those are") {
  const std::string text = R"({"format": "hexgen.price_list/1", "offers": [
    {"name": "a", "region": "x", "gpu_type": "T4", "gpus": 2, "price_per_hour": 1.5, "available": 3},
    {"name": "b", "region": "y", "gpu_type": "L4", "gpus": 1, "price_per_hour": 2, "available": 1}],
    "links": {"same_region": {"latency_ms": 1, "bandwidth_gb_per_s": 1},
              "regions": [{"between": ["x", "y"], "latency_ms": 2, "bandwidth_gb_per_s": 1}],
              "offers": [{"between": ["a", "a"], "latency_ms": 3, "bandwidth_gb_per_s": 1}]}})";
  const hexgen::PriceList list = hexgen::parse_price_list(
      {.role = "price_list", .name = "given", .label = "p.json", .text = text});
  CHECK(list.available == std::vector<int>{3, 1});
  const Cluster cluster = hexgen::rented_cluster(list, {2, 1});
  REQUIRE(cluster.num_nodes() == 3);
  CHECK(cluster.nodes()[1].name == "a-1");
  CHECK(cluster.nodes()[2].name == "b-0");
  CHECK(cluster.node_link(0, 1).latency_s == doctest::Approx(3e-3));
  CHECK(cluster.node_link(2, 0).latency_s == doctest::Approx(2e-3));
  CHECK(cluster.num_devices() == 5);
  CHECK(cluster.price_per_hour() == doctest::Approx(2 * 1.5 + 2));
  check_same(cluster, read_back(cluster));
  const hexgen::PriceList left = hexgen::without_offers(list, {"a"});
  CHECK(left.available == std::vector<int>{1});
  CHECK(hexgen::rented_cluster(left, {1}).nodes()[0].name == "b-0");
}
