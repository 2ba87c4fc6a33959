#include "profiles/trace_rate.h"

#include <cmath>
#include <string>
#include <utility>

#include "profiles/errors.h"
#include "profiles/trace_statistics.h"

namespace hexgen {

namespace {

class StretchedTrace : public TraceReader {
 public:
  StretchedTrace(std::unique_ptr<TraceReader> trace, double factor)
      : trace_(std::move(trace)),
        factor_(factor) {}

  std::optional<RequestSpec> next() override {
    std::optional<RequestSpec> request = trace_->next();
    if (request) {
      request->arrival_s *= factor_;
    }
    return request;
  }

  TraceNotes notes() const override { return trace_->notes(); }

 private:
  std::unique_ptr<TraceReader> trace_;
  double factor_;
};

bool is_positive(double value) {
  return value > 0 && std::isfinite(value);
}

}  // namespace

std::unique_ptr<TraceReader> stretch_gaps(std::unique_ptr<TraceReader> trace, double factor) {
  if (!is_positive(factor)) {
    throw InputError("gap factor: " + std::to_string(factor) + ": expected a number above 0");
  }
  return std::make_unique<StretchedTrace>(std::move(trace), factor);
}

std::unique_ptr<TraceReader> open_trace_at_rate(const TraceSource& source, double rate_per_s) {
  if (!is_positive(rate_per_s)) {
    throw InputError("--rate: " + std::to_string(rate_per_s) +
                     ": expected requests per second above 0");
  }
  const std::unique_ptr<TraceReader> trace = open_trace(source);
  TraceStatistics statistics;
  while (const auto request = trace->next()) {
    statistics.add(*request);
  }
  if (statistics.rate_per_s() <= 0) {
    throw InputError(source.file + ": all requests arrive at once: expected a rate to scale to " +
                     std::to_string(rate_per_s) + " per second");
  }
  return stretch_gaps(open_trace(source), statistics.rate_per_s() / rate_per_s);
}

}  // namespace hexgen
