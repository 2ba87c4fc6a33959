#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "cost_models/plan_json.h"
#include "profiles/file.h"
#include "simulator/html/comparison_page.h"
#include "simulator/html/run_page.h"
#include "simulator/html/svg_chart.h"
#include "simulator/html/sweep_page.h"
#include "simulator/html/text.h"
#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

const std::string kEvil = "<script>alert(\"1\")</script>&'";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The first tag that is not closed where it should be; empty when all are.
std::string first_unbalanced_tag(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const std::size_t end = page.find('>', at);
    const std::string tag = page.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find(' '));
    if (name == "meta" || name == "br" || name == "!DOCTYPE" || tag.back() == '/') {
      continue;
    }
    if (tag.front() != '/') {
      open.push_back(name);
    } else if (open.empty() || tag.substr(1) != open.back()) {
      return tag + " at " + std::to_string(at);
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " at the end";
}

/// Well formed, with nothing from elsewhere, no script and no unescaped name.
void check_page(const std::string& page) {
  CHECK(first_unbalanced_tag(page) == "");
  for (const char* foreign : {"http:", "https:", "src=", "url(", "@import", "<script", "<link "}) {
    CHECK_MESSAGE(!contains(page, foreign), foreign);
  }
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "inf "));
}

PlanFile evil_plan() {
  std::string text = read_file("tests/data/plan/two_pipelines.json");
  const auto replace_all = [&text](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  };
  const std::string name = "<script>alert(1)</script>";
  replace_all("\"name\": \"a\"", "\"name\": \"" + name + "\"");
  replace_all("\"a:", "\"" + name + ":");
  replace_all("\"p0\"", "\"" + name + "\"");
  return parse_plan(text, "evil plan");
}

/// A run of the plan with all that its page needs.
struct PlayedRun {
  PlayedRun(PlanFile plan, std::vector<RequestSpec> requests, const Slo& limits)
      : file(std::move(plan)),
        system(make_serving_system(file.plan, file.model, file.cluster)),
        slo(limits) {
    setup.options.record_token_gaps = true;
    setup.arrivals = "trace " + kEvil;
    setup.inputs = {{"plan", kEvil, std::string(64, '0')}};
    SeriesRecorder recorder(system);
    result = simulate(system, *replay_arrivals(std::move(requests)), setup.options, &recorder);
    series = recorder.series(system, setup.options, result);
    metrics = measure(system, result, level(), {.warmup_share = 0});
  }

  ServiceLevel level() const { return {slo, {}}; }

  LatencyCurves curves() const { return latency_curves(result, level(), {.warmup_share = 0}); }

  std::string page() const {
    return html::run_page({setup, system, metrics, slo, series}, curves(), file);
  }

  PlanFile file;
  ServingSystem system;
  Slo slo;
  RunSetup setup;
  SimulationResult result;
  TimeSeries series;
  Metrics metrics;
};

std::vector<RequestSpec> every_second(int count, int prompt_tokens, int output_tokens) {
  std::vector<RequestSpec> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back({static_cast<double>(i), prompt_tokens, output_tokens});
  }
  return requests;
}

}  // namespace

TEST_CASE("texts are escaped, numbers have about three digits") {
  CHECK(html::escape("<a href=\"x\">'&'</a>") ==
        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  CHECK(html::number(0) == "0");
  CHECK(html::number(0.012345) == "0.0123");
  CHECK(html::number(4.5) == "4.5");
  CHECK(html::number(99.96) == "100");
  CHECK(html::number(812.4) == "812");
  CHECK(html::number(12400) == "12,400");
  CHECK(html::percent(0.4127) == "41.3 %");
  CHECK(html::percent(1.0) == "100.0 %");
  CHECK(html::percent(0.99999) == "> 99.9 %");
  CHECK(html::percent(0.0001) == "< 0.1 %");
  CHECK(html::percent(0.0) == "0.0 %");
  CHECK(html::duration(0.00158) == "1.58 ms");
  CHECK(html::duration(0.9994) == "999 ms");
  CHECK(html::duration(1.25) == "1.25 s");
}

TEST_CASE("ticks are round numbers within the axis") {
  CHECK(html::round_up(0.8) == 1.0);
  CHECK(html::round_up(2.1) == 2.5);
  CHECK(html::round_up(30) == 50);
  CHECK(html::ticks({.label = "", .low = 0, .high = 10}, 5) ==
        std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(html::ticks({.label = "", .low = 0, .high = 0}, 5).size() == 1);
  const auto decades = html::ticks({.label = "", .low = 3, .high = 60, .logarithmic = true}, 5);
  REQUIRE(decades.size() == 4);
  CHECK(decades.front() == doctest::Approx(5));
  CHECK(decades.back() == doctest::Approx(50));
}

TEST_CASE("a line goes where its values are") {
  // The plot is 388 wide from 40 and 174 high down to 192: (5, 50) is in the middle, (234, 105).
  const html::Chart chart = {
      .title = kEvil,
      .x = {.label = kEvil, .low = 0, .high = 10},
      .y = {.label = kEvil, .low = 0, .high = 100},
      .lines = {{.name = kEvil, .points = {{0, 0}, {5, 50}, {10, 100}}, .dots = {{5, 50}}},
                {.name = kEvil, .points = {{0, 100}, {5, 50}}, .colour = 1, .stepped = true}},
      .marks = {{5, kEvil, false}}};
  const std::string figure = html::figure(chart);
  CHECK(contains(figure, "class=\"series c0\" d=\"M40.0 192.0L234.0 105.0L428.0 18.0\""));
  CHECK(contains(figure, "class=\"series c1\" d=\"M40.0 18.0H234.0L234.0 105.0\""));
  CHECK(contains(figure, "class=\"dot c0\" cx=\"234.0\" cy=\"105.0\""));
  check_page(figure);
}

TEST_CASE("logarithmic axes put the geometric mean in the middle") {
  const html::Chart chart = {.title = "",
                             .x = {.label = "", .low = 1, .high = 100, .logarithmic = true},
                             .y = {.label = "", .low = 0, .high = 1},
                             .lines = {{.name = "", .points = {{10, 0}}}},
                             .marks = {}};
  CHECK(contains(html::figure(chart), "d=\"M234.0 192.0\""));
}

TEST_CASE("a heat strip joins equal neighbours, and leaves out what is nothing") {
  CHECK(html::heat_strip({0, 1, 1, 0.5}, "busy") ==
        "<svg viewBox=\"0 0 4 1\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" "
        "class=\"busy\"><path fill-opacity=\"0.50\" d=\"M3 0h1v1h-1z\"/>"
        "<path fill-opacity=\"1.00\" d=\"M1 0h2v1h-2z\"/></svg>");
}

TEST_CASE("a run's page shows its figures and escapes every name") {
  Slo slo;
  slo.ttft_s = 1e-6;
  const PlayedRun run(evil_plan(), every_second(40, 600, 20), slo);
  const std::string page = run.page();
  check_page(page);
  CHECK(contains(page, "&lt;script&gt;alert(1)&lt;/script&gt; (here)"));
  CHECK(contains(page, "2x RTX-A6000"));
  CHECK(contains(page, "<b>SLO missed.</b> 0.0 % of the requests"));
  CHECK(contains(page, html::duration(run.metrics.ttft.p99_s)));
  CHECK(contains(page, "busy " + html::percent(run.metrics.stage_utilisation[0][1])));
  CHECK_FALSE(contains(page, "Saturated"));
  CHECK_FALSE(contains(page, "Rejected"));
}

TEST_CASE("a page says that a run is saturated, and that requests were rejected") {
  Slo slo;
  slo.e2e_s = 1e6;
  std::vector<RequestSpec> requests(300, {0.0, 600, 50});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].arrival_s = 0.001 * static_cast<double>(i);
  }
  requests.push_back({1.0, 1'000'000, 1});
  const PlayedRun run(read_plan("tests/data/plan/two_pipelines.json"), requests, slo);
  const std::string page = run.page();
  check_page(page);
  CHECK(contains(page, "<b>SLO met.</b>"));
  CHECK(contains(page, "<b>Saturated.</b> Waiting keeps growing on p0"));
  CHECK(contains(page, "<b>Rejected.</b> 1 of 301 requests"));
}

TEST_CASE("a page says what failed, what was tried again, and what was asked") {
  PlayedRun run(read_plan("tests/data/plan/two_pipelines.json"), every_second(10, 64, 8), {});
  CHECK_FALSE(contains(run.page(), "Failed."));
  run.metrics.failed = 3;
  run.metrics.retries = 4;
  run.metrics.in_flight = 2;
  run.setup.what_if = {.set = {kEvil}, .fail = {"n0@5", "n1:2@7"}, .restart_s = 12};
  const std::string page = run.page();
  check_page(page);
  CHECK(contains(page, "<b>Failed.</b> 3 of 10 requests"));
  CHECK(contains(page, "gave back requests 4 times"));
  CHECK(contains(page, "<b>Cut off.</b> 2 of 10 requests"));
  CHECK(contains(page, "n0@5, n1:2@7"));
  CHECK(contains(page, "12 s"));
}

TEST_CASE("a page of a run without limits, with one token a request, or with nothing served") {
  const PlanFile plan = read_plan("tests/data/plan/two_pipelines.json");
  const std::string page = PlayedRun(plan, every_second(10, 50, 1), {}).page();
  check_page(page);
  CHECK_FALSE(contains(page, "SLO met"));
  CHECK_FALSE(contains(page, "SLO attainment over"));
  CHECK_FALSE(contains(page, "<figcaption>Time per output token"));
  check_page(PlayedRun(plan, every_second(3, 1'000'000, 5), {}).page());
}

TEST_CASE("a sweep's page marks saturated rates and survives infinite scales") {
  const PlanFile file = evil_plan();
  const Metrics easy = {{.requests = 10, .completed = 10, .duration_s = 5}};
  Metrics full = easy;
  full.saturated_replicas = {kEvil};
  const SweepResult result = {
      .points = {{.rate_per_s = 1, .attainment = {1, 1}, .lowest_slo_scale = 2.5, .metrics = easy},
                 {.rate_per_s = 2,
                  .attainment = {0.25, 0.5},
                  .lowest_slo_scale = std::numeric_limits<double>::infinity(),
                  .metrics = full}},
      .highest_rates_per_s = {1.5, 1.75}};
  const SweepGrid grid = {.rates_per_s = {1, 2}, .slo_scales = {3, 5}};
  const Slo slo;
  const RunSetup setup = {.arrivals = kEvil};
  const std::string page = html::sweep_page({setup, grid, result, slo}, file);
  check_page(page);
  CHECK(contains(page, "<td class=\"hot\">25.0 %</td>"));
  CHECK(contains(page, "<td>never</td>"));
  CHECK(contains(page, "<td class=\"left hot\">saturated</td>"));
  // At 2 of at most 2.1 requests/s: 40 + 388 * 2 / 2.1 = 409.5; 25 % is 192 - 43.5.
  CHECK(contains(page, "<circle class=\"ring c0\" cx=\"409.5\" cy=\"148.5\""));
}

TEST_CASE("a comparison's page lays the plans over each other") {
  Slo slo;
  slo.ttft_s = 0.5;
  const PlayedRun run(
      read_plan("tests/data/plan/two_pipelines.json"), every_second(40, 600, 20), slo);
  const PairedDifference difference = {
      .pairs = 40, .mean_s = -0.25, .half_width_s = 0.0125, .faster_share = 0.75};
  const std::vector<ComparedPlan> plans = {
      {.name = kEvil, .metrics = run.metrics, .difference = {}, .curves = run.curves()},
      {.name = "b", .metrics = run.metrics, .difference = difference, .curves = run.curves()}};
  const std::string page = html::comparison_page(run.setup, plans, slo);
  check_page(page);
  CHECK(contains(page, "<td>-250.0 \u00b1 12.5 ms</td><td>75.0 %</td>"));
  CHECK(contains(page, "class=\"series c1\""));
}
