#include "profiles/catalogue.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"

using hexgen::Catalogue;

TEST_CASE("names that nvidia-smi and Kubernetes print are aliases of catalogue names") {
  const Catalogue catalogue = Catalogue::builtin();
  CHECK(catalogue.gpu("NVIDIA H100 80GB HBM3").type.name == "H100-SXM5-80GB");
  CHECK(catalogue.gpu("NVIDIA-H100-80GB-HBM3").type.name == "H100-SXM5-80GB");
  CHECK(catalogue.gpu("Tesla V100-SXM2-32GB").type.name == "V100-SXM2-32GB");
  CHECK(catalogue.gpu("rtx-a6000").type.name == "RTX-A6000");
}
