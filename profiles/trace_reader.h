#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "profiles/workload.h"

namespace hexgen {

/// Formats of recorded or published request traces; the words of `--trace KIND:FILE`.
enum class TraceKind {
  kAzure,     // CSV: TIMESTAMP, ContextTokens, GeneratedTokens (Azure LLM inference 2023, 2024)
  kMooncake,  // JSON lines: timestamp in ms, input_length, output_length
  kBurstGpt,  // CSV: Timestamp in s, Request tokens, Response tokens
  kVidur,     // CSV: arrived_at in s (may be missing), num_prefill_tokens, num_decode_tokens
  kShareGpt,  // one JSON array of conversations in text, without arrival times; see open_trace()
  kLlmServingSim,  // JSON lines: input_toks, output_toks, arrival_time_ns, or a measured run's
                   // times
  kCsv             // CSV with a header line and the columns of CsvColumns
};

/// Unit of plain numbers in a time column. Date-times are known by their form and need none.
enum class TimeUnit { kSeconds, kMilliseconds, kMicroseconds, kNanoseconds };

/// Which columns of a `csv` trace hold what, by the names in its header line.
struct CsvColumns {
  std::string timestamp = "timestamp";  // empty: the trace has lengths only
  std::string prompt_tokens = "prompt_tokens";
  std::string output_tokens = "output_tokens";
  TimeUnit time_unit = TimeUnit::kSeconds;
};

/// A trace to read.
struct TraceSource {
  TraceKind kind = TraceKind::kAzure;
  std::string file;
  CsvColumns columns;  // read for TraceKind::kCsv only
};

/// What a user should know of a trace besides its requests.
struct TraceNotes {
  /// False when the trace holds lengths only: then arrival_s is 0 throughout.
  bool has_arrival_times = true;
  /// False when token counts are estimated from text (`sharegpt`).
  bool has_token_counts = true;
  /// Rows passed over so far because the format marks them as no served request: failures of
  /// `burstgpt` (0 response tokens), conversations of `sharegpt` that vLLM's benchmark drops.
  std::int64_t skipped_rows = 0;
};

/// Requests of a trace in order of arrival, read while they are asked for: memory does not grow
/// with the length of the trace, but for `sharegpt`, which keeps two numbers a conversation.
///
/// - Arrivals count from the first request of the trace (arrival_s = 0) and are exact to the
///   nanosecond; requests of one instant keep the order of the file.
/// - Rows out of time order are sorted when they come at most kReorderWindow rows late, and refused
///   otherwise. An error is therefore thrown up to that many requests early.
/// - Token counts are whole numbers from 1 to kMaxTokens. The limits of a model's context are not
///   applied here.
class TraceReader {
 public:
  static constexpr int kReorderWindow = 4096;
  static constexpr int kMaxTokens = 10'000'000;

  virtual ~TraceReader() = default;

  /// The next request; nothing at the end of the trace. Throws InputError,
  /// `file:line: field: value: expectation`, at the first bad row.
  virtual std::optional<RequestSpec> next() = 0;

  virtual TraceNotes notes() const = 0;
};

/// "azure:conv.csv". Throws InputError when the kind is unknown or the file is not named.
TraceSource parse_trace_argument(const std::string& argument);

/// "s", "ms", "us" or "ns". Throws InputError for anything else.
TimeUnit parse_time_unit(const std::string& name);

/// Opens a trace and checks its header and first rows. Throws InputError when the file cannot be
/// read, is compressed or UTF-16, holds no request or lacks a column.
///
/// `sharegpt` files hold text, not counts: the first two turns of a conversation are prompt and
/// output, and a token is taken as 4 bytes of UTF-8 (the average that OpenAI's tiktoken states),
/// rounded up. As in vLLM's benchmark, conversations with fewer than two turns, a turn below 4
/// tokens, a prompt above 1024 or a total above 2048 tokens are skipped. For exact counts, run your
/// tokenizer and bring its lengths as `vidur` or `csv`.
///
/// `llmservingsim` reads workloads (arrival_time_ns) and measured runs. A measured run is replayed
/// by `queued_ts`, the clock that its latencies are taken with, and by `arrival_time` without it.
std::unique_ptr<TraceReader> open_trace(const TraceSource& source);

}  // namespace hexgen
