#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "profiles/trace_reader.h"
#include "tests/support/traces.h"

namespace hexgen {

TEST_CASE("an azure trace with CRLF and no newline at the end keeps its last row") {
  const auto requests = read_trace(TraceKind::kAzure,
                                   "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                   "2023-11-16 18:17:03.9799600,4808,10\r\n"
                                   "2023-11-16 18:17:04.0319600,3180,8");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].arrival_s == 0.0);
  CHECK(requests[0].prompt_tokens == 4808);
  CHECK(requests[1].arrival_s == 0.052);  // 4.0319600 - 3.9799600
  CHECK(requests[1].prompt_tokens == 3180);
  CHECK(requests[1].output_tokens == 8);
}

}  // namespace hexgen
