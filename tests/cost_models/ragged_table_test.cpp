#include "cost_models/ragged_table.h"

#include <doctest/doctest.h>

using namespace hexgen;
using doctest::Approx;

namespace {

constexpr AxisRule kLinear = AxisRule::kLinear;
constexpr AxisRule kClamped = AxisRule::kClamped;
constexpr AxisRule kCeiling = AxisRule::kCeiling;

}  // namespace

TEST_CASE("a table is linear between its points and exact on them") {
  const RaggedTable table({kLinear}, {{{4}, 20}, {{1}, 5}, {{2}, 6}});
  CHECK(table.lookup({1}).value == 5);
  CHECK(table.lookup({4}).value == 20);
  CHECK(table.lookup({1.5}).value == Approx(5.5));
  CHECK(table.lookup({3}).value == Approx(13));
  CHECK_FALSE(table.lookup({4}).outside);
}

TEST_CASE("below its first point a table keeps that value") {
  const RaggedTable table({kLinear}, {{{1}, 5}, {{2}, 6}});
  CHECK(table.lookup({0}).value == 5);
  CHECK_FALSE(table.lookup({0}).outside);
}

TEST_CASE("above its last point a table goes on along the last two and says so") {
  const RaggedTable table({kLinear}, {{{1}, 5}, {{2}, 6}, {{4}, 20}});
  CHECK(table.lookup({6}).value == Approx(34));  // 20 + 2 * (20 - 6) / (4 - 2)
  CHECK(table.lookup({6}).outside);
}

TEST_CASE("an extended table never falls") {
  const RaggedTable table({kLinear}, {{{1}, 10}, {{2}, 8}});
  CHECK(table.lookup({5}).value == 8);
  CHECK(table.lookup({5}).outside);
}

TEST_CASE("a clamped axis keeps its last value and is nowhere outside") {
  const RaggedTable table({kClamped}, {{{1}, 5}, {{3}, 9}});
  CHECK(table.lookup({2}).value == Approx(7));
  CHECK(table.lookup({9}).value == 9);
  CHECK_FALSE(table.lookup({9}).outside);
}

TEST_CASE("points of a ceiling axis are upper ends of ranges") {
  const RaggedTable table({kCeiling}, {{{10}, 1}, {{20}, 2}});
  CHECK(table.lookup({3}).value == 1);
  CHECK(table.lookup({10}).value == 1);
  CHECK(table.lookup({11}).value == 2);
  CHECK(table.lookup({21}).value == 2);
}

TEST_CASE("two axes are interpolated one inside the other") {
  // f = 3 x + 5 y is linear along both, so it is met exactly, also beyond the points.
  const RaggedTable table({kLinear, kLinear},
                          {{{0, 0}, 0}, {{0, 2}, 10}, {{4, 0}, 12}, {{4, 2}, 22}});
  CHECK(table.lookup({1, 1}).value == Approx(8));
  CHECK(table.lookup({6, 1}).value == Approx(23));
  CHECK(table.lookup({6, 1}).outside);
  CHECK(table.lookup({1, 3}).outside);
}

TEST_CASE("points under one coordinate need not be those under the next") {
  // x = 0 has y at 0 and 10, x = 2 at 0, 4 and 10.
  const RaggedTable table(
      {kLinear, kLinear},
      {{{0, 0}, 0}, {{0, 10}, 10}, {{2, 0}, 100}, {{2, 4}, 200}, {{2, 10}, 200}});
  CHECK(table.lookup({1, 2}).value == Approx(76));  // (2 + 150) / 2
}

TEST_CASE("a coordinate whose points all lie above the rest is passed over") {
  // At x = 1 nothing was measured below y = 5, which says nothing of y = 2.
  const RaggedTable table(
      {kLinear, kLinear},
      {{{0, 0}, 0}, {{0, 10}, 10}, {{1, 5}, 1000}, {{2, 0}, 20}, {{2, 10}, 20}});
  CHECK(table.lookup({1, 2}).value == Approx(11));      // (2 + 20) / 2
  CHECK(table.lookup({1.5, 2}).value == Approx(15.5));  // 2 + 1.5 / 2 * 18
  CHECK(table.lookup({0.5, 2}).value == Approx(6.5));
  CHECK(table.lookup({1, 5}).value == 1000);
  CHECK(table.lookup({3, 2}).value == Approx(29));  // along x = 0 and x = 2: 20 + 18 / 2
}

TEST_CASE("an axis with one point does not matter there") {
  const RaggedTable table({kLinear, kLinear}, {{{0, 7}, 3}, {{2, 0}, 5}, {{2, 8}, 9}});
  CHECK(table.lookup({0, 100}).value == 3);
  CHECK_FALSE(table.lookup({0, 100}).outside);
}
