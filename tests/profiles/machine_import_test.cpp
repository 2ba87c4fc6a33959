#include "profiles/machine_import.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/gpu_paths.h"
#include "profiles/import_nccl_tests.h"
#include "profiles/import_nccl_topology.h"
#include "profiles/import_nvidia_smi.h"
#include "tests/support/temporary_file.h"

using doctest::Approx;
using hexgen::Cluster;
using hexgen::import_machine;
using hexgen::InputError;
using hexgen::LinkType;
using hexgen::MachineFiles;
using hexgen::TemporaryFile;

namespace {

namespace fs = std::filesystem;

std::string error_of(const MachineFiles& files) {
  try {
    import_machine(files);
  } catch (const InputError& error) {
    return error.what();
  }
  return "(accepted)";
}

/// Beside each broken file stands the error it must give, without the file's name.
int check_folder(const std::string& kind, std::string MachineFiles::*file) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator("tests/data/bad/" + kind)) {
    if (entry.path().extension() == ".expect") {
      continue;
    }
    ++files;
    MachineFiles broken;
    broken.*file = entry.path().string();
    if (kind == "topology_matrix" || kind == "nccl_topology") {
      broken.gpu_type = "A100-SXM4-80GB";
    }
    std::string expected =
        hexgen::read_file(fs::path(entry.path()).replace_extension("expect").string());
    expected.pop_back();  // the line feed
    CHECK(error_of(broken) == entry.path().string() + ": " + expected);
  }
  return files;
}

const char* const kTwoMixedGpus =
    "index, name, memory.total [MiB], pcie.link.gen.max, pcie.link.gen.current, "
    "pcie.link.width.max, pcie.link.width.current\r\n"
    "0, NVIDIA GeForce RTX 3090, 24576 MiB, 4, 1, 16, 8\r\n"
    "1, NVIDIA L4, 23034 MiB, 4, 4, 16, 16\r\n\r\n";

/// nccl-tests with 3 us a latency and 150 GB/s of bus bandwidth on `hosts` machines.
std::string all_reduce_output(const std::vector<std::string>& hosts, const std::string& tag) {
  std::string text = tag + "# Collective test starting: all_reduce_perf\n";
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    text += tag + "#  Rank  " + std::to_string(rank) + " Group  0 Pid    622 on " + hosts[rank] +
            " device  0 [0000:07:00] NVIDIA A100-SXM4-80GB\n";
  }
  text += tag +
          "#       size         count      type   redop    root     time   algbw   busbw  #wrong  "
          "   time   algbw   busbw  #wrong\n";
  const double n = static_cast<double>(hosts.size());
  const double latencies = hosts.size() == 2 ? 2 : 4;
  for (const double bytes : {0.0, 8192.0, 1048576.0, 67108864.0}) {
    const double us = 1e6 * (latencies * 3e-6 + 2 * (n - 1) / n * bytes / 150e9);
    text += tag + std::to_string(static_cast<long>(bytes)) + " 2048 float sum -1 999.0 1.0 1.0 0 " +
            std::to_string(us) + " 1.0 1.0 N/A\n";
    text += "host:622:700 [0] NCCL INFO a line of another program\n";
  }
  return text + tag + "# Out of bounds values : 0 OK\n";
}

}  // namespace

TEST_CASE("every broken output of another tool is refused in one line by file, line and value") {
  CHECK(check_folder("nvidia_smi", &MachineFiles::nvidia_smi) >= 13);
  CHECK(check_folder("topology_matrix", &MachineFiles::topology_matrix) >= 10);
  CHECK(check_folder("nccl_topology", &MachineFiles::nccl_topology) >= 16);
  CHECK(check_folder("nccl_tests", &MachineFiles::nccl_all_reduce) >= 16);
}

TEST_CASE("nvidia-smi gives nodes by GPU type, with reported memory and the lanes in use") {
  const TemporaryFile csv(kTwoMixedGpus);
  const Cluster cluster = import_machine({.nvidia_smi = csv.path()}).cluster;
  REQUIRE(cluster.num_nodes() == 2);
  CHECK(cluster.nodes()[0].name == "node-0");
  CHECK(cluster.gpu_of(0).name == "RTX-3090");
  CHECK(cluster.gpu_of(1).name == "L4");
  CHECK(cluster.gpu_of(1).memory_bytes == 23034.0 * 1024 * 1024);
  // The generation that is current reads 1 because the GPU idles; 8 of 16 lanes of PCIe 4 are half
  // of 32 GB/s, and they bound the path between the two.
  CHECK(cluster.intra_link_of(0).name == "pcie4x8");
  CHECK(cluster.intra_link_of(0).link.bandwidth_bytes_per_s == 16e9);
  CHECK(cluster.intra_link_of(1).name == "pcie4");
  CHECK(cluster.node_link(0, 1).bandwidth_bytes_per_s == 16e9);
}

TEST_CASE("units of nvidia-smi may be missing, and spaces too") {
  const TemporaryFile csv("name,memory.total [MiB]\nTesla T4,15360\nTesla T4,15359\n");
  const Cluster cluster = import_machine({.nvidia_smi = csv.path()}).cluster;
  CHECK(cluster.num_devices() == 2);
  CHECK(cluster.gpu_of(0).memory_bytes ==
        15359.0 * 1024 * 1024);  // the smaller one counts for both
}

TEST_CASE("GPUs that the catalogue does not know, or knows with other memory, are refused") {
  const TemporaryFile unknown("name, memory.total [MiB]\nGeForce GTX 770, 2004 MiB\n");
  CHECK(error_of({.nvidia_smi = unknown.path()}).find("--gpu-type says which it is") !=
        std::string::npos);
  CHECK(error_of({.nvidia_smi = unknown.path(), .gpu_type = "T4"}) ==
        unknown.path() + ": GeForce GTX 770 reports 2004 MiB, a T4 has 15360");
}

TEST_CASE("a matrix with colours, NICs and tabs gives the link of the slowest pair") {
  const TemporaryFile csv(
      "name, memory.total [MiB]\nNVIDIA A100-SXM4-80GB, 81920 MiB\nNVIDIA A100-SXM4-80GB, 81920 "
      "MiB\n");
  const TemporaryFile matrix(
      "\t\x1b[4mGPU0\tGPU1\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m\n"
      "GPU0\t X \tNV4\tSYS\t0-63\t0\t\tN/A\nGPU1\tNV4\t X \tPXB\t0-63\t0\t\tN/A\n"
      "NIC0\tSYS\tPXB\t X \t\t\t\t\n\nLegend:\n\n  X    = Self\n");
  const Cluster cluster =
      import_machine({.nvidia_smi = csv.path(), .topology_matrix = matrix.path()}).cluster;
  const LinkType& link = cluster.intra_link_of(0);
  CHECK(link.name == "nvlink3x4");
  CHECK(link.link.bandwidth_bytes_per_s == Approx(100e9));  // 4 of 12 links of 25 GB/s
  CHECK(link.origin == "default");
  const TemporaryFile three(
      "\tGPU0\tGPU1\tGPU2\nGPU0\t X \tNV12\tSYS\nGPU1\tNV12\t X \tPHB\n"
      "GPU2\tSYS\tPHB\t X \n");
  CHECK(error_of({.nvidia_smi = csv.path(), .topology_matrix = three.path()}) ==
        three.path() + ": 3 GPUs, " + csv.path() + " has 2");
  const Cluster pairs =
      import_machine({.topology_matrix = three.path(), .gpu_type = "A100-PCIE-80GB"}).cluster;
  CHECK(pairs.intra_link_of(0).name == "pcie4");
}

TEST_CASE("NVLinks that a GPU type does not have are refused") {
  const TemporaryFile matrix("\tGPU0\tGPU1\nGPU0\t X \tNV2\nGPU1\tNV2\t X \n");
  CHECK(error_of({.topology_matrix = matrix.path(), .gpu_type = "T4"}) ==
        matrix.path() + ": 2 NVLinks between two T4, which has none");
}

TEST_CASE("a topology of NCCL gives GPUs, paths by their nearest common element, and NVLinks") {
  const TemporaryFile xml(
      "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<system version=\"1\">\n"
      " <cpu numaid=\"0\">\n"
      "  <pci busid=\"ffff:ff:01.0\" class=\"0x060400\">\n"
      "   <pci busid=\"000A:00:00.0\" class=\"0x030200\" link_speed=\"16 GT/s\" "
      "link_width=\"16\">\n"
      "    <gpu dev=\"0\" sm=\"80\"><nvlink target=\"000b:00:00.0\" count=\"4\" "
      "tclass=\"0x030200\"/></gpu></pci>\n"
      "   <pci busid=\"000B:00:00.0\" class=\"0x030200\" link_speed=\"16.0 GT/s PCIe\" "
      "link_width=\"8\"/>\n"
      "   <pci busid=\"000C:00:00.0\" class=\"0x030200\" link_speed=\"\" link_width=\"0\"/>\n"
      "  </pci>\n"
      "  <pci busid=\"000D:00:00.0\" class=\"0x030200\" link_speed=\"16 GT/s\" "
      "link_width=\"16\"/>\n"
      "  <nic><net name=\"eth0\" speed=\"100000\"/></nic>\n </cpu>\n"
      " <cpu numaid=\"1\"><pci busid=\"000E:00:00.0\" class=\"0x030200\"/></cpu>\n</system>\n");
  const hexgen::NcclTopology topology = hexgen::import_nccl_topology(xml.path());
  CHECK(topology.bus_ids ==
        std::vector<std::string>{
            "000a:00:00.0", "000b:00:00.0", "000c:00:00.0", "000d:00:00.0", "000e:00:00.0"});
  CHECK(path_name(topology.paths.between(1, 0)) == "NV4");
  CHECK(path_name(topology.paths.between(0, 2)) == "PIX");
  CHECK(path_name(topology.paths.between(2, 3)) == "PHB");
  CHECK(path_name(topology.paths.between(3, 4)) == "SYS");
  CHECK(topology.compute_capability == 80);
  CHECK(topology.pcie_generation == 4);
  CHECK(topology.pcie_lanes == 8);  // the fewest; 0 says nothing
  CHECK(topology.nets[0].bandwidth_bytes_per_s == 12.5e9);
  CHECK(error_of({.nccl_topology = xml.path()}) ==
        xml.path() + ": names no GPU type, expected --gpu-type");
  CHECK(error_of({.nccl_topology = xml.path(), .gpu_type = "L4"}) ==
        xml.path() + ": sm 80, a L4 has 89");
}

TEST_CASE("NVLinks to a switch join all GPUs, and those to nowhere are told of") {
  const auto gpu = [](const std::string& bus, const std::string& target, const char* kind) {
    return "<pci busid=\"" + bus + "\" class=\"0x030200\"><gpu sm=\"90\"><nvlink target=\"" +
           target + "\" count=\"18\" tclass=\"" + kind + "\"/></gpu></pci>";
  };
  const auto machine = [](const std::string& gpus) {
    return "<system><cpu>" + gpus + "</cpu></system>";
  };
  const TemporaryFile hidden(machine(gpu("1:0:0.0", "fffffff:ffff:ff", "0x068000") +
                                     gpu("2:0:0.0", "9:0:0.0", "0x068000")));
  CHECK(path_name(hexgen::import_nccl_topology(hidden.path()).paths.between(0, 1)) == "NV18");
  const TemporaryFile own(
      machine(gpu("1:0:0.0", "1:0:0.0", "0x030200") + gpu("2:0:0.0", "2:0:0.0", "0x030200")));
  CHECK(hexgen::import_nccl_topology(own.path()).nvlink_peers_unknown);
}

TEST_CASE("all-reduces inside a host become the latency and fraction of its link") {
  // 150 GB/s of the 300 of nvlink3; times stand in the half that is in place.
  for (const char* tag : {"", "[1,0]<stdout>:"}) {
    const TemporaryFile output(all_reduce_output({"alpha", "alpha", "alpha"}, tag));
    const Cluster cluster = import_machine({.nccl_all_reduce = output.path()}).cluster;
    const LinkType& link = cluster.intra_link_of(0);
    CHECK(cluster.nodes()[0].name == "alpha");
    CHECK(cluster.num_devices() == 3);
    CHECK(link.all_reduce_latency_s == Approx(3e-6).epsilon(1e-4));
    CHECK(link.all_reduce_fraction == Approx(0.5).epsilon(1e-4));
    CHECK(link.origin == "fitted");
    CHECK(link.source ==
          "all_reduce_perf of nccl-tests, 3 ranks, 3 sizes: off by 0.0 % (median), 0.0 % (most)");
  }
}

TEST_CASE("all-reduces between hosts become the links between the nodes") {
  const TemporaryFile output(all_reduce_output({"alpha", "beta"}, ""));
  const Cluster cluster = import_machine({.nccl_all_reduce = output.path()}).cluster;
  REQUIRE(cluster.num_nodes() == 2);
  CHECK(cluster.node_link(0, 1).latency_s == Approx(3e-6).epsilon(1e-4));
  CHECK(cluster.node_link(0, 1).bandwidth_bytes_per_s == Approx(150e9).epsilon(1e-4));
  const TemporaryFile uneven(all_reduce_output({"alpha", "alpha", "beta"}, ""));
  CHECK(error_of({.nccl_all_reduce = uneven.path()}).find("expected one rank a host") !=
        std::string::npos);
}

TEST_CASE("old sends and receives count out of place, and a cut off output is told of") {
  // No columns redop and root, `error` for #wrong, in place is wrong, and no summary. 10 us
  // more for each MiB.
  const TemporaryFile output(
      "#   Rank  0 Pid   5897 on         x0 device  0 [0x05] NVIDIA A100-SXM4-80GB\n"
      "#   Rank  1 Pid   5897 on         x0 device  1 [0x06] NVIDIA A100-SXM4-80GB\n"
      "#       size         count      type     time   algbw   busbw  error     time   algbw   "
      "busbw  error\n"
      "8 8 uint8 10.0 1 1 0e+00 11698 3.23 3.23 3e+02\n"
      "1048576 1048576 uint8 20.0 1 1 0e+00 11698 3.23 3.23 3e+02\n"
      "2097152 2097152 uint8 30.0 1 1 2e-07 11698 3.23 3.23 N/A\n");
  const auto imported = import_machine({.nccl_send_recv = output.path()});
  const LinkType& link = imported.cluster.intra_link_of(0);
  CHECK(link.link.latency_s == Approx(10e-6).epsilon(1e-4));
  CHECK(link.link.bandwidth_bytes_per_s == Approx(1048576 / 10e-6).epsilon(1e-4));
  REQUIRE(imported.notes.size() == 1);
  CHECK(imported.notes[0].find("ends before its summary") != std::string::npos);
}

TEST_CASE("the text of an imported cluster reads back, with its notes") {
  const TemporaryFile output(all_reduce_output({"alpha", "beta"}, ""));
  const std::string text =
      imported_cluster_text(import_machine({.nccl_all_reduce = output.path()}));
  const Cluster read =
      hexgen::parse_cluster({.role = "cluster", .name = "c", .label = "c.json", .text = text});
  CHECK(read.num_nodes() == 2);
  CHECK(text.find("Links between the nodes: all_reduce_perf of nccl-tests, 2 ranks") !=
        std::string::npos);
}

TEST_CASE("published outputs of the tools are imported or refused as their traps demand") {
  const fs::path folder = fs::path(HEXGEN_MEASUREMENTS_DIR) / "fixtures";
  if (!fs::exists(folder / "nccl_topology")) {
    MESSAGE("skipped: no folder " << folder.string());
    return;
  }
  const auto path = [&](const char* name) { return (folder / name).string(); };
  const auto h200 = import_machine({.nvidia_smi = path("nvidia-smi-query-4xH200.csv"),
                                    .topology_matrix = path("nvidia-smi-topo-4xH200.txt")});
  CHECK(h200.cluster.num_devices() == 4);
  CHECK(h200.cluster.intra_link_of(0).name == "nvlink4");
  CHECK(h200.cluster.gpu_of(0).memory_bytes == 143771.0 * 1024 * 1024);
  const auto mixed =
      hexgen::import_topology_matrix(path("nvidia_smi/topo_m_5gpu_mixed_spaces.txt"));
  CHECK(mixed.gpus == 5);
  CHECK(path_name(mixed.between(1, 2)) == "PHB");
  const auto ndv4 = hexgen::import_nccl_topology(path("nccl_topology/ndv4-topo.xml"));
  CHECK(ndv4.paths.gpus == 8);
  CHECK(path_name(ndv4.paths.between(0, 1)) == "PIX");
  CHECK(path_name(ndv4.paths.between(0, 2)) == "SYS");
  CHECK(hexgen::import_nccl_topology(path("nccl_topology/ncv4-topo.xml")).nvlink_peers_unknown);
  const auto all_reduce =
      hexgen::import_nccl_tests(path("nccl_tests/all_reduce_2x_gb10_new_header_excerpt.txt"),
                                hexgen::NcclCollective::kAllReduce);
  CHECK(all_reduce.messages[1].time_s == Approx(30.75e-6));  // in place
  CHECK(!all_reduce.complete);
  CHECK(error_of({.nvidia_smi = path("nvidia_smi/query_gpu_collected_lines.csv")})
            .find("line 3: index: '0' stands here twice") != std::string::npos);
}
