#include "simulator/chrome_trace.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

namespace hexgen {
namespace {

/// Zero is the idle process of some viewers.
int pid_of(int replica) {
  return replica + 1;
}

int tid_of(int stage) {
  return stage + 1;
}

/// "12.345": microseconds.
std::string microseconds(SimTime time) {
  std::string text = std::to_string(time / 1000);
  const std::string digits = std::to_string(1000 + time % 1000);
  return text.append(".").append(digits, 1);
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// "prefill 512 + decode 8": tokens of prompts, sequences that decode.
std::string slice_name(const IterationShape& shape) {
  std::string name;
  if (shape.prefill_tokens > 0) {
    name = "prefill " + std::to_string(shape.prefill_tokens);
  }
  if (shape.decode_rows > 0) {
    name += (name.empty() ? "decode " : " + decode ") + std::to_string(shape.decode_rows);
  }
  return name;
}

}  // namespace

ChromeTraceWriter::ChromeTraceWriter(std::ostream& out,
                                     const std::vector<TimelinePipeline>& pipelines,
                                     const TimelineWindow& window)
    : out_(out),
      window_(window),
      counters_(pipelines.size()) {
  out_ << R"({"displayTimeUnit":"ms","traceEvents":[)";
  for (std::size_t r = 0; r < pipelines.size(); ++r) {
    num_stages_.push_back(pipelines[r].stages.size());
    write_names(pid_of(static_cast<int>(r)), pipelines[r]);
  }
}

void ChromeTraceWriter::write_names(int pid, const TimelinePipeline& pipeline) {
  const auto metadata = [&](const char* what, int tid, const std::string& value) {
    out_ << (first_ ? "\n" : ",\n") << R"({"ph":"M","name":")" << what << R"(","pid":)" << pid
         << R"(,"tid":)" << tid << R"(,"args":{)" << value << "}}";
    first_ = false;
  };
  metadata("process_name", 0, "\"name\":" + quoted(pipeline.name));
  metadata("process_sort_index", 0, "\"sort_index\":" + std::to_string(pid));
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    const int tid = tid_of(static_cast<int>(s));
    metadata("thread_name", tid, "\"name\":" + quoted(pipeline.stages[s]));
    metadata("thread_sort_index", tid, "\"sort_index\":" + std::to_string(tid));
  }
}

void ChromeTraceWriter::begin_event(const char* phase,
                                    const std::string& name,
                                    int pid,
                                    SimTime time) {
  out_ << (first_ ? "\n" : ",\n") << R"({"ph":")" << phase << R"(","name":")" << name
       << R"(","pid":)" << pid << R"(,"ts":)" << microseconds(time);
  first_ = false;
}

void ChromeTraceWriter::stage_served(int replica, const StageSpan& span) {
  if (window_.overlaps(span.begin, span.end)) {
    begin_event("X", slice_name(span.shape), pid_of(replica), span.begin);
    out_ << R"(,"tid":)" << tid_of(span.stage) << R"(,"dur":)"
         << microseconds(span.end - span.begin) << R"(,"args":{"iteration":)" << span.iteration
         << R"(,"kv_read_tokens":)" << span.shape.kv_read_tokens << "}}";
  }
}

void ChromeTraceWriter::handed_off(int replica, const StageSpan& span) {
  if (!window_.overlaps(span.begin, span.end)) {
    return;
  }
  const auto stages = static_cast<int>(num_stages_[static_cast<std::size_t>(replica)]);
  const std::string stage = std::to_string(span.stage);
  const std::string name = "hand-off " + stage + " to " + std::to_string((span.stage + 1) % stages);
  const AsyncTrack track = {
      pid_of(replica), "hand-off", std::to_string(span.iteration) + "." + stage};
  write_async("b", name, track, span.begin);
  write_async("e", name, track, span.end);
}

void ChromeTraceWriter::write_async(const char* phase,
                                    const std::string& name,
                                    const AsyncTrack& track,
                                    SimTime time) {
  begin_event(phase, name, track.pid, time);
  out_ << R"(,"tid":0,"cat":")" << track.category << R"(","id2":{"local":")" << track.id
       << R"("}})";
}

void ChromeTraceWriter::occupied(int replica, SimTime time, const Occupancy& occupancy) {
  Counters& counters = counters_[static_cast<std::size_t>(replica)];
  if (counters.since < window_.from && time > window_.from) {
    write_counters(pid_of(replica), window_.from, counters.now);
  }
  if (window_.overlaps(time, time)) {
    write_counters(pid_of(replica), time, occupancy);
  }
  counters = {time, occupancy};
}

void ChromeTraceWriter::write_counters(int pid, SimTime time, const Occupancy& occupancy) {
  begin_event("C", "requests", pid, time);
  out_ << R"(,"args":{"running":)" << occupancy.running << R"(,"waiting":)" << occupancy.waiting
       << "}}";
  begin_event("C", "KV blocks", pid, time);
  out_ << R"(,"args":{"used":)" << occupancy.kv_blocks << "}}";
}

bool ChromeTraceWriter::decoded(const std::vector<Phase>& phases) {
  return std::any_of(phases.begin(), phases.end(), [](const Phase& phase) {
    return std::string_view(phase.name) == "decode";
  });
}

void ChromeTraceWriter::marked(int replica, int request, RequestMark mark, SimTime time) {
  std::vector<Phase>& phases = requests_[request];
  if (!phases.empty()) {
    phases.back().end = time;
  }
  switch (mark) {
    case RequestMark::kArrived:
    case RequestMark::kPreempted:
      phases.push_back({.name = "waiting", .begin = time});
      break;
    case RequestMark::kAdmitted:
      phases.push_back(
          {.name = decoded(phases) ? "recompute and decode" : "prefill", .begin = time});
      break;
    case RequestMark::kFirstToken:
      phases.push_back({.name = "decode", .begin = time});
      break;
    case RequestMark::kCompleted:
    case RequestMark::kLost:
      write_request(pid_of(replica), request);
      requests_.erase(request);
      break;
  }
}

void ChromeTraceWriter::write_request(int pid, int request) {
  const std::vector<Phase>& phases = requests_[request];
  const SimTime begin = phases.front().begin;
  const SimTime end = phases.back().end;
  if (!window_.overlaps(begin, end)) {
    return;
  }
  const std::string name = "request " + std::to_string(request);
  const AsyncTrack track = {pid, "request", "r" + std::to_string(request)};
  write_async("b", name, track, begin);
  for (const Phase& phase : phases) {
    write_async("b", phase.name, track, phase.begin);
    write_async("e", phase.name, track, phase.end);
  }
  write_async("e", name, track, end);
}

void ChromeTraceWriter::finish() {
  out_ << "\n]}\n";
}

}  // namespace hexgen
