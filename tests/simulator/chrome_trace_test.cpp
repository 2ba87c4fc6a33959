#include "simulator/chrome_trace.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/simulator/random_case.h"

using namespace hexgen;
using namespace hexgen::test;
using nlohmann::json;

namespace {

std::vector<TimelinePipeline> names_of(const ServingSystem& system) {
  std::vector<TimelinePipeline> pipelines;
  for (const ReplicaModel& replica : system.replicas) {
    pipelines.push_back({.name = replica.name, .stages = {}});
    for (std::size_t s = 0; s < replica.stages.size(); ++s) {
      pipelines.back().stages.push_back("stage " + std::to_string(s));
    }
  }
  return pipelines;
}

/// The two-stage run of execution_observer_test.cpp.
std::string small_trace(const std::string& name, const TimelineWindow& window = {}) {
  ReplicaModel replica = fixed_replica({1.0, 2.0});
  replica.name = name;
  replica.stages[0].handoff_s = 0.5;
  const ServingSystem system = one_replica(replica);
  std::ostringstream out;
  ChromeTraceWriter writer(out, names_of(system), window);
  simulate(system, *replay_arrivals({{0.0, 10, 2}}), {}, &writer);
  writer.finish();
  return out.str();
}

std::vector<json> events_of(const std::string& trace, const std::string& phase) {
  std::vector<json> events;
  const json document = json::parse(trace);
  for (const json& event : document.at("traceEvents")) {
    if (event.at("ph") == phase) {
      events.push_back(event);
    }
  }
  return events;
}

/// Nanoseconds of a time in microseconds with three decimals.
SimTime ns(const json& microseconds) {
  return round_ns(microseconds.get<double>() * 1000);
}

}  // namespace

TEST_CASE("a timeline shows a small run as worked out by hand") {
  // See execution_observer_test.cpp for the times.
  const std::string trace = small_trace("p0");
  const auto slices = events_of(trace, "X");
  REQUIRE(slices.size() == 4);
  const auto check = [&](std::size_t i, const char* name, int stage, double ts_s, double dur_s) {
    CAPTURE(i);
    CHECK(slices[i].at("name") == name);
    CHECK(slices[i].at("pid") == 1);
    CHECK(slices[i].at("tid") == stage + 1);
    CHECK(slices[i].at("ts") == ts_s * 1e6);
    CHECK(slices[i].at("dur") == dur_s * 1e6);
  };
  check(0, "prefill 10", 0, 0, 1);
  check(1, "prefill 10", 1, 1.5, 2);
  check(2, "decode 1", 0, 3.5, 1);
  check(3, "decode 1", 1, 5, 2);

  std::vector<std::string> asynchronous;
  for (const char* phase : {"b", "e"}) {
    for (const json& event : events_of(trace, phase)) {
      asynchronous.push_back(event.at("name").get<std::string>() + " " +
                             std::to_string(ns(event.at("ts")) / 1'000'000));
    }
  }
  CHECK(asynchronous == std::vector<std::string>{"hand-off 0 to 1 1000",
                                                 "hand-off 0 to 1 4500",
                                                 "request 0 0",
                                                 "waiting 0",
                                                 "prefill 0",
                                                 "decode 3500",
                                                 "hand-off 0 to 1 1500",
                                                 "hand-off 0 to 1 5000",
                                                 "waiting 0",
                                                 "prefill 3500",
                                                 "decode 7000",
                                                 "request 0 7000"});

  const auto counters = events_of(trace, "C");
  REQUIRE(counters.size() == 6);
  CHECK(counters[2].at("args") == json({{"running", 1}, {"waiting", 0}}));
  CHECK(counters[3].at("args") == json({{"used", 1}}));
  CHECK(counters[5].at("ts") == 7e6);
}

TEST_CASE("a timeline names its pipelines and stages, whatever their names are") {
  const auto names = events_of(small_trace("</script> \"q\"\n\xff"), "M");
  REQUIRE(names.size() == 6);
  CHECK(names[0].at("name") == "process_name");
  CHECK(names[0].at("args").at("name") == "</script> \"q\"\n\xef\xbf\xbd");
  CHECK(names[2].at("name") == "thread_name");
  CHECK(names[2].at("tid") == 1);
  CHECK(names[2].at("args").at("name") == "stage 0");
}

TEST_CASE("a timeline is cut to what overlaps its window") {
  // From 4 s to 4.75 s: the decode on stage 0 (3.5 to 4.5), its hand-off (4.5 to 5), the request,
  // and the counters as they stand at 4 s.
  const SimTime ms = 1'000'000;
  const std::string trace = small_trace("p0", {.from = 4000 * ms, .to = 4750 * ms});
  const auto slices = events_of(trace, "X");
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].at("ts") == 3.5e6);
  CHECK(events_of(trace, "b").size() == 5);
  const auto counters = events_of(trace, "C");
  REQUIRE(counters.size() == 2);
  CHECK(counters[0].at("ts") == 4e6);
  CHECK(counters[0].at("args").at("running") == 1);
  CHECK(events_of(small_trace("p0", {.from = 8000 * ms, .to = 9000 * ms}), "X").empty());
}

TEST_CASE("timelines of random runs are well formed and add up to the busy times") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    std::ostringstream out;
    ChromeTraceWriter writer(out, names_of(random.system));
    const SimulationResult result = random.play(true, &writer);
    writer.finish();

    std::map<std::pair<int, int>, SimTime> busy;
    std::map<std::pair<int, int>, SimTime> free;
    std::map<std::string, int> open;  // asynchronous slices by track
    const json document = json::parse(out.str());
    for (const json& event : document.at("traceEvents")) {
      REQUIRE(event.at("pid").is_number_integer());
      const std::string phase = event.at("ph");
      if (phase == "X") {
        REQUIRE(event.at("tid").is_number_integer());
        const std::pair<int, int> track = {event.at("pid"), event.at("tid")};
        REQUIRE(ns(event.at("ts")) >= free[track]);
        free[track] = ns(event.at("ts")) + ns(event.at("dur"));
        busy[track] += ns(event.at("dur"));
      } else if (phase == "b" || phase == "e") {
        const std::string track = std::to_string(event.at("pid").get<int>()) + " " +
                                  event.at("id2").at("local").get<std::string>();
        open[track] += phase == "b" ? 1 : -1;
        REQUIRE(open[track] >= 0);
      } else {
        REQUIRE((phase == "C" || phase == "M"));
      }
    }
    for (const auto& [track, depth] : open) {
      REQUIRE(depth == 0);
    }
    for (std::size_t r = 0; r < result.stage_busy_s.size(); ++r) {
      for (std::size_t s = 0; s < result.stage_busy_s[r].size(); ++s) {
        const std::pair<int, int> track = {static_cast<int>(r) + 1, static_cast<int>(s) + 1};
        REQUIRE(to_seconds(busy[track]) == result.stage_busy_s[r][s]);
      }
    }
  }
}
