#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "profiles/trace_reader.h"
#include "profiles/workload.h"

namespace hexgen {

/// Writes requests as a `mooncake` trace, one JSON object a line:
/// `{"timestamp": 52.5, "input_length": 700, "output_length": 8, "hash_ids": [7, 8]}`.
/// The timestamp is in milliseconds, whole where it can be and to the nanosecond otherwise: what is
/// read back equals what was written when the first request arrives at 0. There is one hash id for
/// each 512 prompt tokens, never used twice: the requests share no prefix.
class MooncakeWriter {
 public:
  /// `out` must outlive the writer.
  explicit MooncakeWriter(std::ostream& out)
      : out_(out) {}

  void write(const RequestSpec& request);

 private:
  std::ostream& out_;
  std::int64_t next_hash_id_ = 0;
};

/// Writes all that a trace still has to `path`, which appears complete or not at all. Throws
/// InputError when it cannot be written, and what the trace throws.
void write_mooncake(TraceReader& trace, const std::string& path);

}  // namespace hexgen
