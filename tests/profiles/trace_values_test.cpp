#include "profiles/trace_values.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

namespace hexgen {

TEST_CASE("numbers become nanoseconds exactly in every unit") {
  CHECK(parse_number_ns("0", TimeUnit::kSeconds) == 0);
  CHECK(parse_number_ns("1777142838.338653", TimeUnit::kSeconds) == 1'777'142'838'338'653'000);
  CHECK(parse_number_ns("0.1", TimeUnit::kSeconds) == 100'000'000);
  CHECK(parse_number_ns("27482.5", TimeUnit::kMilliseconds) == 27'482'500'000);
  CHECK(parse_number_ns("7.25", TimeUnit::kMicroseconds) == 7'250);
  CHECK(parse_number_ns("46926808", TimeUnit::kNanoseconds) == 46'926'808);
}

TEST_CASE("digits below a nanosecond are rounded to the nearest") {
  CHECK(parse_number_ns("0.0000000014", TimeUnit::kSeconds) == 1);
  CHECK(parse_number_ns("0.0000000015", TimeUnit::kSeconds) == 2);
  CHECK(parse_number_ns("0.9999999999", TimeUnit::kSeconds) == 1'000'000'000);
  CHECK(parse_number_ns("12.4", TimeUnit::kNanoseconds) == 12);
  CHECK(parse_number_ns("12.5", TimeUnit::kNanoseconds) == 13);
}

TEST_CASE("numbers with an exponent are read") {
  CHECK(parse_number_ns("1.5e3", TimeUnit::kSeconds) == 1'500'000'000'000);
  CHECK(parse_number_ns("2E-3", TimeUnit::kSeconds) == 2'000'000);
  CHECK_FALSE(parse_number_ns("1e30", TimeUnit::kSeconds));
  CHECK_FALSE(parse_number_ns("-1e3", TimeUnit::kSeconds));
}

TEST_CASE("what is no time is no number of nanoseconds") {
  for (const char* text : {"",
                           "-1",
                           "+1",
                           "1,5",
                           "1.5.2",
                           "abc",
                           ".",
                           "0x10",
                           "nan",
                           "inf",
                           "1 2",
                           "9223372037",
                           "99999999999999999999",
                           "5s",
                           "e5",
                           "1e"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number_ns(text, TimeUnit::kSeconds));
  }
}

TEST_CASE("date-times count from 1970 in UTC") {
  constexpr std::int64_t kSecond = 1'000'000'000;
  CHECK(parse_date_time_ns("1970-01-01 00:00:00") == 0);
  CHECK(parse_date_time_ns("1970-01-02") == 86'400 * kSecond);
  // date -u -d '2023-11-16 18:17:03' +%s
  CHECK(parse_date_time_ns("2023-11-16 18:17:03.9799600") == 1'700'158'623 * kSecond + 979'960'000);
  CHECK(parse_date_time_ns("2023-11-16T18:17:03Z") == 1'700'158'623 * kSecond);
  CHECK(parse_date_time_ns("2023-11-16T19:17:03+01:00") == 1'700'158'623 * kSecond);
  CHECK(parse_date_time_ns("2023-11-16T12:47:03-0530") == 1'700'158'623 * kSecond);
  CHECK(parse_date_time_ns("2023-11-16 20:17:03,5+02") == 1'700'158'623 * kSecond + kSecond / 2);
  CHECK(parse_date_time_ns("2024-02-29 00:00:00") == 1'709'164'800 * kSecond);
  CHECK(parse_date_time_ns("2024-02-29 00:00:00.0000000004") == 1'709'164'800 * kSecond);
}

TEST_CASE("what is no date-time is refused") {
  for (const char* text : {"2023-02-29 00:00:00",
                           "2023-13-01 00:00:00",
                           "2023-00-10",
                           "2023-11-16 24:00:00",
                           "2023-11-16 18:60:00",
                           "2023-11-16 18:17",
                           "2023-11-16 18:17:03.",
                           "2023-11-16 18:17:03 x",
                           "2023-11-16 18:17:03+1",
                           "2023-11-16 18:17:03+25:00",
                           "2023/11/16 18:17:03",
                           "2023-11-16 ",
                           "2262-01-01 00:00:00",
                           "1969-12-31 23:59:59",
                           "1970-01-01 00:30:00+01:00",
                           "16-11-2023 18:17:03",
                           "2023-1-16 18:17:03",
                           "2023-11-16 -1:17:03",
                           "2023-11-16x18:17:03"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_date_time_ns(text));
  }
}

TEST_CASE("no prefix of a date-time is read beyond its end") {
  const std::string full = "2023-11-16 18:17:03.9799600+01:00";
  for (std::size_t length = 0; length < full.size(); ++length) {
    const std::string prefix = full.substr(0, length);  // own memory: a sanitizer sees overruns
    const bool complete = length == 10 || length == 19 || (length > 20 && length <= 27) ||
                          length == 30 || length == 33;
    CAPTURE(prefix);
    CHECK(parse_date_time_ns(prefix).has_value() == complete);
  }
}

TEST_CASE("token counts are whole numbers, also as data frames write them") {
  CHECK(parse_tokens("0") == 0);
  CHECK(parse_tokens("14050") == 14'050);
  CHECK(parse_tokens("374.0") == 374);
  CHECK(parse_tokens("10000000") == 10'000'000);
  for (const char* text : {"",
                           "-5",
                           "+5",
                           "3.5",
                           "3.",
                           ".0",
                           "1e3",
                           "10000001",
                           "99999999999999",
                           "12 34",
                           "0x1F",
                           "NaN",
                           "null",
                           "1_000",
                           "1,000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tokens(text));
  }
}

}  // namespace hexgen
