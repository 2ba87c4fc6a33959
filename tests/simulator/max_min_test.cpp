#include "simulator/max_min.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "profiles/random_stream.h"

using namespace hexgen;

namespace {

struct Case {
  std::vector<double> capacities;
  std::vector<double> limits;
  std::vector<std::vector<int>> resources;

  std::vector<double> rates() const {
    std::vector<Demand> demands;
    for (std::size_t d = 0; d < limits.size(); ++d) {
      demands.push_back({.limit = limits[d], .resources = &resources[d]});
    }
    return max_min_rates(capacities, demands);
  }
};

/// Brute force: all rates rise together in tiny steps, each as long as it has room.
std::vector<double> rates_by_small_steps(const Case& instance, double step) {
  std::vector<double> left = instance.capacities;
  std::vector<double> rates(instance.limits.size(), 0.0);
  std::vector<bool> rises(rates.size(), true);
  while (std::find(rises.begin(), rises.end(), true) != rises.end()) {
    for (std::size_t d = 0; d < rates.size(); ++d) {
      bool room = rises[d] && rates[d] + step <= instance.limits[d];
      for (const int resource : instance.resources[d]) {
        room = room && left[static_cast<std::size_t>(resource)] >= step;
      }
      rises[d] = room;
      if (room) {
        rates[d] += step;
        for (const int resource : instance.resources[d]) {
          left[static_cast<std::size_t>(resource)] -= step;
        }
      }
    }
  }
  return rates;
}

}  // namespace

TEST_CASE("equal demands on one resource get equal parts, limits leave the rest to others") {
  CHECK(Case{{6}, {10, 10, 10}, {{0}, {0}, {0}}}.rates() == std::vector<double>{2, 2, 2});
  // 1 is less than a third of 6; the other two share 5.
  CHECK(Case{{6}, {10, 1, 10}, {{0}, {0}, {0}}}.rates() == std::vector<double>{2.5, 1, 2.5});
  CHECK(Case{{6}, {2, 1, 2}, {{0}, {0}, {0}}}.rates() == std::vector<double>{2, 1, 2});
}

TEST_CASE("over two resources max-min is not the equal split of each") {
  // A crosses 0 (capacity 4) and 1 (capacity 10), B and C cross 0, D crosses 1. A, B and C get
  // 4/3; D gets what A leaves of 1, 10 - 4/3, not 5.
  const auto rates = Case{{4, 10}, {100, 100, 100, 100}, {{0, 1}, {0}, {0}, {1}}}.rates();
  CHECK(rates[0] == doctest::Approx(4.0 / 3));
  CHECK(rates[1] == doctest::Approx(4.0 / 3));
  CHECK(rates[2] == doctest::Approx(4.0 / 3));
  CHECK(rates[3] == doctest::Approx(10 - 4.0 / 3));
}

TEST_CASE("a demand without resources gets its limit, and nothing gives nothing") {
  CHECK(Case{{1}, {7}, {{}}}.rates() == std::vector<double>{7});
  CHECK(Case{{1}, {}, {}}.rates().empty());
}

TEST_CASE("rates agree with brute force on random instances") {
  RandomStream random(3, 1);
  for (int instance = 0; instance < 200; ++instance) {
    CAPTURE(instance);
    Case tried;
    for (std::uint64_t r = 0; r <= random.below(4); ++r) {
      tried.capacities.push_back(0.5 + random.uniform());
    }
    for (std::uint64_t d = 0; d <= random.below(6); ++d) {
      tried.limits.push_back(0.1 + random.uniform());
      auto& resources = tried.resources.emplace_back();
      for (std::size_t r = 0; r < tried.capacities.size(); ++r) {
        if (random.below(2) == 0) {
          resources.push_back(static_cast<int>(r));
        }
      }
    }
    const double step = 1e-4;
    const std::vector<double> expected = rates_by_small_steps(tried, step);
    const std::vector<double> rates = tried.rates();
    for (std::size_t d = 0; d < rates.size(); ++d) {
      CAPTURE(d);
      CHECK(rates[d] == doctest::Approx(expected[d]).epsilon(0.01));
    }
  }
}
