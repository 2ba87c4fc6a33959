#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "profiles/catalogue.h"
#include "profiles/profile_fit.h"

using hexgen::Catalogue;
using hexgen::CatalogueGpu;
using hexgen::GpuEfficiency;
using hexgen::LinkType;
using hexgen::MeasuredProfile;

namespace {

/// profiles/measured/<GPU type>/<machine>.json; the tests run in the repository root.
std::vector<std::filesystem::path> shipped_profiles() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("profiles/measured")) {
    if (entry.path().extension() == ".json") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("every shipped profile stands in the folder of the GPU type it measured") {
  const Catalogue catalogue = Catalogue::builtin();
  const auto paths = shipped_profiles();
  REQUIRE(paths.size() >= 2);
  for (const auto& path : paths) {
    CAPTURE(path);
    const MeasuredProfile profile = hexgen::read_profile(path.string());
    for (const hexgen::GpuMeasurement& gpu : profile.gpus) {
      CHECK(catalogue.gpu(gpu.name).type.name == path.parent_path().filename().string());
    }
  }
}

TEST_CASE("what shipped profiles reach lies below the data sheet and above half of it") {
  const Catalogue catalogue = Catalogue::builtin();
  for (const auto& path : shipped_profiles()) {
    CAPTURE(path);
    const MeasuredProfile profile = hexgen::read_profile(path.string());
    const CatalogueGpu& gpu = catalogue.gpu(profile.gpus[0].name);
    const GpuEfficiency fitted = fit_efficiency(profile.gpus, gpu.type);
    for (const double fraction :
         {fitted.memory_fraction, fitted.attention_fraction, fitted.compute_fraction}) {
      CHECK(fraction > 0.5);
      CHECK(fraction < 1.0);
    }
    CHECK(fitted.layer_overhead_s > 5e-6);
    CHECK(fitted.layer_overhead_s < 60e-6);
  }
}

TEST_CASE("fitted links give back the all-reduces and sends they were fitted to within 15 %") {
  const Catalogue catalogue = Catalogue::builtin();
  for (const auto& path : shipped_profiles()) {
    const MeasuredProfile profile = hexgen::read_profile(path.string());
    if (profile.transfers.empty()) {
      continue;
    }
    CAPTURE(path);
    const CatalogueGpu& gpu = catalogue.gpu(profile.gpus[0].name);
    const LinkType link = fit_link(profile, catalogue.link(gpu.usual_link));
    std::vector<double> errors;
    for (const hexgen::TransferTiming& send : profile.transfers) {
      errors.push_back(std::abs(link.link.transfer_s(send.bytes) / send.time.median_s - 1));
    }
    CHECK(median(errors) < 0.15);
    errors.clear();
    for (const hexgen::AllReduceTiming& all_reduce : profile.all_reduces) {
      // A ring of n: 2 (n-1) steps of bytes / n each.
      const double n = all_reduce.tp_degree;
      const double bandwidth = link.all_reduce_fraction * link.link.bandwidth_bytes_per_s;
      const double step_s = link.all_reduce_latency_s + all_reduce.bytes / n / bandwidth;
      errors.push_back(std::abs(2 * (n - 1) * step_s / all_reduce.time.median_s - 1));
    }
    CHECK(median(errors) < 0.15);
  }
}
