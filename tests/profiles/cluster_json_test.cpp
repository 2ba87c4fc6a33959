#include "profiles/cluster_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/json_reader.h"

using hexgen::Cluster;
using hexgen::InputError;

TEST_CASE("the paper's clusters cost what the paper says") {
  CHECK(hexgen::read_cluster("hexgen-homogeneous").price_per_hour() == 65.54);
  CHECK(hexgen::read_cluster("hexgen-full").price_per_hour() == 65.04);
  CHECK(hexgen::read_cluster("hexgen-half").price_per_hour() == 29.6);
}

TEST_CASE("the paper's clusters have the paper's numbers of GPUs") {
  CHECK(hexgen::read_cluster("hexgen-homogeneous").num_devices() == 16);
  CHECK(hexgen::read_cluster("hexgen-full").num_devices() == 58);
  CHECK(hexgen::read_cluster("hexgen-half").num_devices() == 30);
  CHECK(hexgen::read_cluster("case-study").num_devices() == 8);
}
