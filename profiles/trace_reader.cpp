#include "profiles/trace_reader.h"

#include <algorithm>
#include <array>
#include <deque>
#include <string_view>
#include <vector>

#include "profiles/errors.h"
#include "profiles/names.h"
#include "profiles/trace_csv.h"
#include "profiles/trace_json_lines.h"
#include "profiles/trace_rows.h"
#include "profiles/trace_sharegpt.h"
#include "profiles/trace_values.h"

namespace hexgen {

namespace {

struct NamedKind {
  std::string_view name;
  TraceKind kind;
};

constexpr std::array kKinds = {NamedKind{"azure", TraceKind::kAzure},
                               NamedKind{"mooncake", TraceKind::kMooncake},
                               NamedKind{"burstgpt", TraceKind::kBurstGpt},
                               NamedKind{"vidur", TraceKind::kVidur},
                               NamedKind{"sharegpt", TraceKind::kShareGpt},
                               NamedKind{"llmservingsim", TraceKind::kLlmServingSim},
                               NamedKind{"csv", TraceKind::kCsv}};

std::unique_ptr<TraceRows> open_rows(const TraceSource& source) {
  switch (source.kind) {
    case TraceKind::kAzure:
      return open_csv_trace(source.file,
                            {.columns = {.timestamp = "TIMESTAMP",
                                         .prompt_tokens = "ContextTokens",
                                         .output_tokens = "GeneratedTokens"}});
    case TraceKind::kBurstGpt:
      return open_csv_trace(source.file,
                            {.columns = {.timestamp = "Timestamp",
                                         .prompt_tokens = "Request tokens",
                                         .output_tokens = "Response tokens"},
                             .zero_output_is_failure = true});
    case TraceKind::kVidur:
      return open_csv_trace(source.file,
                            {.columns = {.timestamp = "arrived_at",
                                         .prompt_tokens = "num_prefill_tokens",
                                         .output_tokens = "num_decode_tokens"},
                             .timestamp_may_be_missing = true});
    case TraceKind::kMooncake:
      return open_json_lines_trace(source.file,
                                   {.times = {{"timestamp", TimeUnit::kMilliseconds}},
                                    .prompt_tokens = "input_length",
                                    .output_tokens = "output_length"});
    case TraceKind::kLlmServingSim:
      return open_json_lines_trace(source.file,
                                   {.times = {{"queued_ts", TimeUnit::kSeconds},
                                              {"arrival_time", TimeUnit::kSeconds},
                                              {"arrival_time_ns", TimeUnit::kNanoseconds}},
                                    .prompt_tokens = "input_toks",
                                    .output_tokens = "output_toks"});
    case TraceKind::kShareGpt:
      return open_sharegpt_trace(source.file);
    case TraceKind::kCsv:
      break;
  }
  return open_csv_trace(source.file, {.columns = source.columns});
}

std::string skipped(std::int64_t rows) {
  return rows == 0 ? "" : " (" + std::to_string(rows) + " skipped)";
}

/// Sorts rows within the reorder window and counts time from the first.
class OrderedTraceReader : public TraceReader {
 public:
  OrderedTraceReader(std::string file, std::unique_ptr<TraceRows> rows)
      : file_(std::move(file)),
        rows_(std::move(rows)) {
    fill_window();
    if (window_.empty()) {
      throw InputError(file_ + ": holds no request" + skipped(rows_->notes().skipped_rows));
    }
    first_ns_ = last_ns_ = window_.front().arrival_ns;
  }

  std::optional<RequestSpec> next() override {
    if (window_.empty()) {
      return std::nullopt;
    }
    const TraceRow row = window_.front();
    window_.pop_front();
    if (row.arrival_ns < last_ns_) {
      refuse_late(row);
    }
    last_ns_ = row.arrival_ns;
    fill_window();
    return RequestSpec{.arrival_s = static_cast<double>(row.arrival_ns - first_ns_) / 1e9,
                       .prompt_tokens = row.prompt_tokens,
                       .output_tokens = row.output_tokens};
  }

  TraceNotes notes() const override { return rows_->notes(); }

 private:
  void fill_window() {
    TraceRow row;
    while (window_.size() < kReorderWindow && rows_->next(row)) {
      const auto later = std::upper_bound(
          window_.begin(), window_.end(), row, [](const TraceRow& a, const TraceRow& b) {
            return a.arrival_ns < b.arrival_ns;
          });
      window_.insert(later, row);
    }
  }

  [[noreturn]] void refuse_late(const TraceRow& row) const {
    const double late_s = static_cast<double>(last_ns_ - row.arrival_ns) / 1e9;
    TracePlace{file_, row.line, "arrival"}.fail(
        std::to_string(late_s) + " s before a request that stands more than " +
        std::to_string(kReorderWindow) + " rows earlier: expected rows sorted by time");
  }

  std::string file_;
  std::unique_ptr<TraceRows> rows_;
  std::deque<TraceRow> window_;  // sorted by arrival
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const NamedKind& known : kKinds) {
    names.emplace_back(known.name);
  }
  return names;
}

}  // namespace

TimeUnit parse_time_unit(const std::string& name) {
  constexpr std::array<std::string_view, 4> kNames = {"s", "ms", "us", "ns"};  // as in TimeUnit
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw InputError("time unit: '" + name + "': expected s, ms, us or ns");
  }
  return static_cast<TimeUnit>(found - kNames.begin());
}

TraceSource parse_trace_argument(const std::string& argument) {
  const std::size_t colon = argument.find(':');
  const std::string_view name = std::string_view(argument).substr(0, colon);
  const auto* known = std::find_if(kKinds.begin(), kKinds.end(), [&](const NamedKind& candidate) {
    return candidate.name == name;
  });
  if (known == kKinds.end()) {
    throw InputError("--trace: '" + argument + "': unknown kind, " + advice(name, kind_names()));
  }
  if (colon == std::string::npos || colon + 1 == argument.size()) {
    throw InputError("--trace: '" + argument + "': expected a file behind '" + std::string(name) +
                     ":'");
  }
  return {.kind = known->kind, .file = argument.substr(colon + 1), .columns = {}};
}

std::unique_ptr<TraceReader> open_trace(const TraceSource& source) {
  return std::make_unique<OrderedTraceReader>(source.file, open_rows(source));
}

}  // namespace hexgen
