#include "profiles/trace_writer.h"

#include <cmath>
#include <ostream>

#include "profiles/unfinished_file.h"

namespace hexgen {

namespace {

constexpr int kBlockTokens = 512;  // of Mooncake's prefix cache

/// "52" or "52.0519", exact to the nanosecond.
std::string milliseconds(double time_s) {
  const long long ns = std::llround(time_s * 1e9);
  std::string text = std::to_string(ns / 1'000'000);
  if (ns % 1'000'000 != 0) {
    const std::string digits = std::to_string(1'000'000 + ns % 1'000'000).substr(1);
    text += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace

void MooncakeWriter::write(const RequestSpec& request) {
  out_ << "{\"timestamp\": " << milliseconds(request.arrival_s)
       << ", \"input_length\": " << request.prompt_tokens
       << ", \"output_length\": " << request.output_tokens << ", \"hash_ids\": [";
  const int blocks = (request.prompt_tokens + kBlockTokens - 1) / kBlockTokens;
  for (int block = 0; block < blocks; ++block) {
    out_ << (block == 0 ? "" : ", ") << next_hash_id_++;
  }
  out_ << "]}\n";
}

void write_mooncake(TraceReader& trace, const std::string& path) {
  UnfinishedFile file(path);
  MooncakeWriter writer(file.stream());
  while (const auto request = trace.next()) {
    writer.write(*request);
  }
  file.complete();
}

}  // namespace hexgen
