#include "profiles/trace_values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <system_error>

#include "profiles/errors.h"

namespace hexgen {

namespace {

constexpr std::int64_t kMaxNs = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSecondNs = 1'000'000'000;

std::int64_t unit_ns(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return kSecondNs;
    case TimeUnit::kMilliseconds:
      return 1'000'000;
    case TimeUnit::kMicroseconds:
      return 1'000;
    case TimeUnit::kNanoseconds:
      break;
  }
  return 1;
}

const char* unit_name(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return "seconds";
    case TimeUnit::kMilliseconds:
      return "milliseconds";
    case TimeUnit::kMicroseconds:
      return "microseconds";
    case TimeUnit::kNanoseconds:
      break;
  }
  return "nanoseconds";
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_digit);
}

/// Unsigned whole number that takes the whole text.
template <typename Integer>
std::optional<Integer> parse_whole(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && all_digits(text);
  return whole ? std::optional(value) : std::nullopt;
}

/// Nanoseconds of the digits behind a decimal point, rounded to the nearest.
std::int64_t fraction_ns(std::string_view digits, std::int64_t one_ns) {
  std::int64_t sum = 0;
  for (const char digit : digits) {
    if (one_ns == 1) {
      return sum + (digit >= '5' ? 1 : 0);
    }
    one_ns /= 10;
    sum += (digit - '0') * one_ns;
  }
  return sum;
}

/// "1.5e3": numbers with an exponent go through binary floating point.
std::optional<std::int64_t> parse_scientific_ns(std::string_view text, std::int64_t one_ns) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const double ns = std::round(value * static_cast<double>(one_ns));
  const bool fits = error == std::errc{} && end == text.data() + text.size() && ns >= 0 &&
                    ns < static_cast<double>(kMaxNs);
  return fits ? std::optional(static_cast<std::int64_t>(ns)) : std::nullopt;
}

/// A field of fixed width within a date-time, e.g. the minute.
std::optional<int> parse_field(std::string_view text, std::size_t at, std::size_t digits, int max) {
  if (at + digits > text.size()) {
    return std::nullopt;
  }
  const std::optional<int> value = parse_whole<int>(text.substr(at, digits));
  return value && *value <= max ? value : std::nullopt;
}

std::optional<std::int64_t> parse_date_s(std::string_view text) {
  const auto year = parse_field(text, 0, 4, 2261);
  const auto month = parse_field(text, 5, 2, 12);
  const auto day = parse_field(text, 8, 2, 31);
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !year || !month || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return date.ok() && days >= 0 ? std::optional(days * 86'400) : std::nullopt;
}

/// "18:17:03"
std::optional<std::int64_t> parse_clock_s(std::string_view text) {
  const auto hour = parse_field(text, 0, 2, 23);
  const auto minute = parse_field(text, 3, 2, 59);
  const auto second = parse_field(text, 6, 2, 59);
  if (text.size() != 8 || text[2] != ':' || text[5] != ':' || !hour || !minute || !second) {
    return std::nullopt;
  }
  return std::int64_t{*hour} * 3600 + *minute * 60 + *second;
}

/// Seconds east of UTC of "", "Z", "+01:00", "+0100" or "+01".
std::optional<std::int64_t> parse_zone_s(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") {
    return 0;
  }
  const bool colon = text.size() == 6 && text[3] == ':';
  const bool hours_only = text.size() == 3;
  const auto hours = parse_field(text, 1, 2, 23);
  const auto minutes = hours_only ? 0 : parse_field(text, colon ? 4 : 3, 2, 59);
  const bool formed =
      (text[0] == '+' || text[0] == '-') && (colon || hours_only || text.size() == 5);
  if (!formed || !hours || !minutes) {
    return std::nullopt;
  }
  const std::int64_t east_s = std::int64_t{*hours} * 3600 + *minutes * 60;
  return text[0] == '-' ? -east_s : east_s;
}

/// "18:17:03.9799600+01:00"
std::optional<std::int64_t> parse_time_of_day_ns(std::string_view text) {
  std::string_view rest = text.substr(std::min<std::size_t>(8, text.size()));
  std::string_view fraction;
  if (rest.starts_with('.') || rest.starts_with(',')) {
    const auto* digits_end = std::find_if_not(rest.begin() + 1, rest.end(), is_digit);
    fraction = rest.substr(1, static_cast<std::size_t>(digits_end - rest.begin()) - 1);
    rest.remove_prefix(1 + fraction.size());
    if (fraction.empty()) {
      return std::nullopt;
    }
  }
  const auto clock_s = parse_clock_s(text.substr(0, 8));
  const auto zone_s = parse_zone_s(rest);
  if (!clock_s || !zone_s) {
    return std::nullopt;
  }
  return (*clock_s - *zone_s) * kSecondNs + fraction_ns(fraction, kSecondNs);
}

bool looks_like_date(std::string_view text) {
  return text.size() >= 5 && text[4] == '-' && all_digits(text.substr(0, 4));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::int64_t> parse_number_ns(std::string_view text, TimeUnit unit) {
  const std::int64_t one_ns = unit_ns(unit);
  if (text.find_first_of("eE") != std::string_view::npos) {
    return parse_scientific_ns(text, one_ns);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  const auto whole = parse_whole<std::int64_t>(text.substr(0, point));
  if (!whole || !all_digits(fraction) || *whole >= kMaxNs / one_ns) {
    return std::nullopt;
  }
  return *whole * one_ns + fraction_ns(fraction, one_ns);
}

std::optional<std::int64_t> parse_date_time_ns(std::string_view text) {
  const auto date_s = parse_date_s(text.substr(0, 10));
  if (!date_s) {
    return std::nullopt;
  }
  if (text.size() == 10) {
    return *date_s * kSecondNs;
  }
  if (text[10] != ' ' && text[10] != 'T') {
    return std::nullopt;
  }
  const auto time_ns = parse_time_of_day_ns(text.substr(11));
  if (!time_ns || *date_s * kSecondNs + *time_ns < 0) {  // a zone can lead back before 1970
    return std::nullopt;
  }
  return *date_s * kSecondNs + *time_ns;
}

std::optional<std::int64_t> parse_time_ns(std::string_view text, TimeUnit unit) {
  return looks_like_date(text) ? parse_date_time_ns(text) : parse_number_ns(text, unit);
}

std::optional<int> parse_tokens(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    const std::string_view zeros = text.substr(point + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != std::string_view::npos) {
      return std::nullopt;
    }
    text = text.substr(0, point);
  }
  const std::optional<int> tokens = parse_whole<int>(text);
  return tokens && *tokens <= TraceReader::kMaxTokens ? tokens : std::nullopt;
}

void TracePlace::fail(const std::string& problem) const {
  throw InputError(file + ":" + std::to_string(line) + ": " + std::string(field) + ": " + problem);
}

void TracePlace::refuse(std::string_view value, std::string_view expectation) const {
  constexpr std::size_t kShownBytes = 60;
  std::string shown(value.substr(0, kShownBytes));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  fail("'" + shown + (value.size() > kShownBytes ? "...'" : "'") + ": expected " +
       std::string(expectation));
}

int expect_tokens(std::string_view text, int least, const TracePlace& place) {
  const std::optional<int> tokens = parse_tokens(text);
  if (!tokens || *tokens < least) {
    place.refuse(text,
                 "a whole number from " + std::to_string(least) + " to " +
                     std::to_string(TraceReader::kMaxTokens));
  }
  return *tokens;
}

std::int64_t expect_time_ns(std::string_view text, TimeUnit unit, const TracePlace& place) {
  const std::optional<std::int64_t> time_ns = parse_time_ns(text, unit);
  if (!time_ns) {
    place.refuse(text,
                 std::string("a number of ") + unit_name(unit) +
                     " from 0 or a date-time such as 2023-11-16 18:17:03.979");
  }
  return *time_ns;
}

}  // namespace hexgen
