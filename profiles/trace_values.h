#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "profiles/trace_reader.h"

namespace hexgen {

/// Nanoseconds of a plain number, exact for decimals and rounded to the nearest nanosecond;
/// nothing when the text is no number from 0 to 2^63 ns (292 years).
std::optional<std::int64_t> parse_number_ns(std::string_view text, TimeUnit unit);

/// Nanoseconds since 1970 of an ISO 8601 date-time: "2023-11-16 18:17:03.9799600", with 'T' or a
/// space between date and time, a fraction of any length, a zone ("Z", "+01:00", "+0100"; none is
/// UTC); the time may be missing. Nothing when the text is no date from 1970 to 2261.
std::optional<std::int64_t> parse_date_time_ns(std::string_view text);

/// Either of the two, by form.
std::optional<std::int64_t> parse_time_ns(std::string_view text, TimeUnit unit);

/// A token count from 1 to TraceReader::kMaxTokens, or 0; also as "374.0", which data frames write.
/// Nothing otherwise.
std::optional<int> parse_tokens(std::string_view text);

/// Where a value of a trace stands, for error messages: `file:line: field: ...`.
struct TracePlace {
  const std::string& file;
  std::int64_t line = 0;
  std::string_view field;

  /// Throws InputError `file:line: field: problem`.
  [[noreturn]] void fail(const std::string& problem) const;

  /// Throws InputError `file:line: field: 'value': expected expectation`; the value is shortened,
  /// and '?' stands for what is no printable ASCII, so that the message stays one line.
  [[noreturn]] void refuse(std::string_view value, std::string_view expectation) const;
};

/// As parse_tokens() and parse_time_ns(); throw InputError for anything else.
int expect_tokens(std::string_view text, int least, const TracePlace& place);
std::int64_t expect_time_ns(std::string_view text, TimeUnit unit, const TracePlace& place);

/// Without the spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace hexgen
