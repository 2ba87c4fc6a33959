#include "profiles/catalogue.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiles/builtin_files.h"
#include "profiles/catalogue_json.h"
#include "profiles/errors.h"
#include "profiles/units.h"

using hexgen::Catalogue;
using hexgen::CatalogueGpu;
using hexgen::InputError;

namespace {

const Catalogue& catalogue() {
  static const Catalogue builtin = Catalogue::builtin();
  return builtin;
}

const hexgen::GpuType& gpu(const std::string& name) {
  return catalogue().gpu(name).type;
}

nlohmann::json builtin_json(const std::string& name) {
  return nlohmann::json::parse(hexgen::builtin_file(name).value());
}

}  // namespace

TEST_CASE("the catalogue has every GPU and link type that the documentation names") {
  for (const char* name : {"A100-SXM4-40GB",
                           "A100-SXM4-80GB",
                           "A100-PCIE-80GB",
                           "H100-SXM5-80GB",
                           "H100-PCIE-80GB",
                           "H200-SXM5-141GB",
                           "B200-SXM6-180GB",
                           "GH200-96GB",
                           "V100-SXM2-16GB",
                           "V100-SXM2-32GB",
                           "T4",
                           "L4",
                           "L40S",
                           "A10G",
                           "A40",
                           "RTX-A6000",
                           "RTX-A5000",
                           "RTX-A4000",
                           "RTX-6000-Ada",
                           "RTX-3090",
                           "RTX-3090-Ti",
                           "RTX-4090",
                           "RTX-5090",
                           "RTX-PRO-6000"}) {
    CHECK_NOTHROW(catalogue().gpu(name));
  }
  for (const char* name :
       {"nvlink2", "nvlink3", "nvlink4", "nvlink5", "nvlink-pair", "pcie3", "pcie4", "pcie5"}) {
    CHECK_NOTHROW(catalogue().link(name));
  }
  for (const CatalogueGpu& entry : catalogue().gpus()) {
    CHECK_NOTHROW(catalogue().link(entry.usual_link));
  }
}

TEST_CASE("names that nvidia-smi and Kubernetes print are aliases of catalogue names") {
  CHECK(gpu("NVIDIA H100 80GB HBM3").name == "H100-SXM5-80GB");
  CHECK(gpu("NVIDIA-H100-80GB-HBM3").name == "H100-SXM5-80GB");
  CHECK(gpu("Tesla V100-SXM2-32GB").name == "V100-SXM2-32GB");
  CHECK(gpu("NVIDIA GeForce RTX 3090 Ti").name == "RTX-3090-Ti");
  CHECK(gpu("rtx-a6000").name == "RTX-A6000");
}

TEST_CASE("no name or alias means two GPU types") {
  for (const CatalogueGpu& entry : catalogue().gpus()) {
    for (const std::string& alias : entry.aliases) {
      CHECK(catalogue().gpu(alias).type.name == entry.type.name);
    }
  }
}

TEST_CASE("an unknown type is refused with the nearest name") {
  CHECK_THROWS_WITH_AS(
      gpu("RTX-A6001"), "'RTX-A6001' is no known GPU type, did you mean 'RTX-A6000'?", InputError);
  CHECK_THROWS_WITH_AS(catalogue().link("nvlinc3"),
                       "'nvlinc3' is no known link type, did you mean 'nvlink3'?",
                       InputError);
}

TEST_CASE("tensor rates are the dense ones, not the doubled ones with sparsity") {
  CHECK(gpu("A100-SXM4-40GB").dense_flops_per_s == 312e12);  // 624 with sparsity
  CHECK(gpu("H100-SXM5-80GB").dense_flops_per_s == 989e12);  // 1979
  CHECK(gpu("H200-SXM5-141GB").dense_flops_per_s == 989e12);
  CHECK(gpu("RTX-A4000").dense_flops_per_s == 76.7e12);  // 153.4
}

TEST_CASE("tensor rates are not the vector rates of public tables") {
  CHECK(gpu("RTX-A6000").dense_flops_per_s == 154.8e12);  // 38.7
  CHECK(gpu("RTX-A5000").dense_flops_per_s == 111.1e12);  // 27.8
  CHECK(gpu("A10G").dense_flops_per_s == 70e12);          // 31.2; 125 is the A10
}

TEST_CASE("GeForce cards accumulate in fp32 at half the rate of fp16") {
  // Twice these stand in the data sheets: 142, 160, 330.3 and 419 with fp16 accumulation.
  CHECK(gpu("RTX-3090").dense_flops_per_s == 71e12);
  CHECK(gpu("RTX-3090-Ti").dense_flops_per_s == 80e12);
  CHECK(gpu("RTX-4090").dense_flops_per_s == 165.2e12);
  CHECK(gpu("RTX-5090").dense_flops_per_s == 209.5e12);
}

TEST_CASE("memory is what the driver reports, not what is sold") {
  CHECK(gpu("H100-SXM5-80GB").memory_bytes == 81559 * hexgen::kMiB);
  CHECK(gpu("L40S").memory_bytes == 46068 * hexgen::kMiB);  // 48 GB sold, ECC takes its share
  CHECK(gpu("A10G").memory_bytes == 23028 * hexgen::kMiB);
  CHECK(gpu("V100-SXM2-16GB").memory_bytes < 17 * hexgen::kGiB);
}

TEST_CASE("only GPUs of compute capability 8.9 and above have an fp8 rate, twice the fp16 one") {
  for (const CatalogueGpu& entry : catalogue().gpus()) {
    CAPTURE(entry.type.name);
    if (entry.type.compute_capability < 89) {
      CHECK(entry.type.dense_fp8_flops_per_s == 0);
    } else {
      CHECK(entry.type.dense_fp8_flops_per_s ==
            doctest::Approx(2 * entry.type.dense_flops_per_s).epsilon(0.02));
    }
  }
}

TEST_CASE("NVLink bandwidth is that of one direction") {
  CHECK(catalogue().link("nvlink3").link.bandwidth_bytes_per_s == 300e9);  // sold as 600
  CHECK(catalogue().link("nvlink4").link.bandwidth_bytes_per_s == 450e9);  // sold as 900
}

TEST_CASE("every number of the catalogue has a source and a mark of certainty") {
  const auto check = [](const nlohmann::json& entries, const std::vector<std::string>& keys) {
    for (const nlohmann::json& entry : entries) {
      for (const std::string& key : keys) {
        CAPTURE(entry["name"]);
        CAPTURE(key);
        CHECK(entry.at(key).at("source").get<std::string>().size() > 5);
        CHECK(entry.at(key).contains("certainty"));
      }
    }
  };
  check(builtin_json("gpus.json").at("gpus"),
        {"memory_mib", "memory_bandwidth_gb_per_s", "dense_fp16_tflops", "dense_fp8_tflops"});
  check(builtin_json("links.json").at("links"), {"latency_us", "bandwidth_gb_per_s"});
  for (const CatalogueGpu& entry : catalogue().gpus()) {
    CHECK_FALSE(entry.type.efficiency.source.empty());
  }
}

TEST_CASE("a number in a unit gives back exactly the number it was made of") {
  CHECK(hexgen::in_unit(1.555e12, 1e9) == 1555);
  int differences = 0;
  for (int i = 1; i < 100'000; ++i) {
    for (const double unit : {1e-6, 1e-3, 1e9, 1e12, 1048576.0}) {
      const double value = i * 0.001 * unit;
      differences += hexgen::in_unit(value, unit) * unit == value ? 0 : 1;
    }
  }
  CHECK(differences == 0);
}

TEST_CASE("one node of a type has the type's usual link and as many GPUs as asked") {
  const hexgen::Cluster cluster = hexgen::one_node_cluster(catalogue(), "A100-SXM4-40GB", 16);
  CHECK(cluster.num_devices() == 16);
  CHECK(cluster.gpu_of(15).name == "A100-SXM4-40GB");
  CHECK(cluster.link(0, 15).bandwidth_bytes_per_s == 300e9);
}
